-- Deletes one page of the points that a query finds, and says how many went.
-- KEYS: meta, ids, deleted. ARGV: generation, what keys of points begin with,
-- index, query, how many at most.
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return redis.error_reply('DROPPED the collection was dropped')
end
local found = redis.call('FT.SEARCH', ARGV[3], ARGV[4], 'NOCONTENT', 'LIMIT', '0', ARGV[5], 'TIMEOUT', '0',
  'DIALECT', '2')
local gone = 0
for i = 2, #found do
  local key = found[i]
  local id = string.sub(key, #ARGV[2] + 1)
  local version = redis.call('HGET', key, named('version'))
  if version then
    redis.call('HSET', KEYS[3], id, version)
    redis.call('ZREM', KEYS[2], id)
    gone = gone + redis.call('DEL', key)
  end
end
return gone
