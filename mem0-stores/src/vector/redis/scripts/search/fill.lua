-- Gives points that were written without them their words, each unless it was
-- written again meanwhile. KEYS: meta, ids, deleted. ARGV: generation, what
-- keys of points begin with, and for each point: id, version, words.
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return redis.error_reply('DROPPED the collection was dropped')
end
for i = 3, #ARGV, 3 do
  local key = ARGV[2] .. ARGV[i]
  if redis.call('HGET', key, 'version') == ARGV[i + 1] then
    redis.call('HSET', key, 'words', ARGV[i + 2])
  end
end
return 0
