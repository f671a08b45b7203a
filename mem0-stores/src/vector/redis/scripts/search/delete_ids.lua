-- Deletes points by id, each as of a version, and says how many went.
-- KEYS: meta, ids, deleted. ARGV: generation, what keys of points begin with,
-- and for each point: id, version.
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return redis.error_reply('DROPPED the collection was dropped')
end
local gone = 0
for i = 3, #ARGV, 2 do
  local id, version = ARGV[i], ARGV[i + 1]
  local key = ARGV[2] .. id
  local stored = redis.call('HGET', key, named('version'))
  if not (stored and stored > version) then
    -- Kept for unknown ids too: their write may still be on its way.
    local deleted = redis.call('HGET', KEYS[3], id)
    if not deleted or deleted < version then
      redis.call('HSET', KEYS[3], id, version)
    end
    redis.call('ZREM', KEYS[2], id)
    gone = gone + redis.call('DEL', key)
  end
end
return gone
