-- Deletes points by id, each as of a version, and says how many went.
-- ARGV further, for each point: id, version.
local gone = 0
for i = 3, #ARGV, 2 do
  local stored = redis.call('HGET', point(ARGV[i]), 'version')
  if not (stored and stored > ARGV[i + 1]) then
    gone = gone + forget(ARGV[i], ARGV[i + 1])
  end
end
return gone
