-- Reads points by id, of those that a scope covers.
-- KEYS: meta. ARGV: generation, what keys of points begin with, how many ids the
-- scope has, name and value of each, and then the ids of points.
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return redis.error_reply('DROPPED the collection was dropped')
end
local first = 4 + 2 * tonumber(ARGV[3])
local points = {}
for i = first, #ARGV do
  local key = ARGV[2] .. ARGV[i]
  local covered = true
  for n = 4, first - 1, 2 do
    covered = covered and redis.call('HGET', key, named(ARGV[n])) == ARGV[n + 1]
  end
  points[#points + 1] = covered and redis.call('HMGET', key, named('id'), named('version'), named('vector'),
    named('payload'), named('scope'), unpack(theirs)) or {}
end
return points
