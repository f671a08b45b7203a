-- Removes a collection whole, in one step. KEYS: meta. ARGV: root of the keys.
local generation = redis.call('HGET', KEYS[1], 'generation')
if not generation then
  return 0
end
local base = ARGV[1] .. ':' .. generation
redis.pcall('FT.DROPINDEX', base .. ':index', 'DD')
-- What the index did not know of.
for _, id in ipairs(redis.call('ZRANGE', base .. ':ids', 0, -1)) do
  redis.call('UNLINK', base .. ':point:' .. id)
end
redis.call('UNLINK', base .. ':ids', base .. ':deleted', KEYS[1])
return 1
