-- Removes a collection whole, in one step, whichever way it searches.
-- KEYS: meta. ARGV: what the keys of all its lives begin with.
local generation = redis.call('HGET', KEYS[1], 'generation')
if not generation then
  return 0
end
local base = ARGV[1] .. ':' .. generation
redis.pcall('FT.DROPINDEX', base .. ':index', 'DD')
-- What the index did not know of.
local owners = {'user_id', 'agent_id', 'run_id'}
for _, id in ipairs(redis.call('ZRANGE', base .. ':ids', 0, -1)) do
  local key = base .. ':point:' .. id
  for n, owner in ipairs(redis.call('HMGET', key, unpack(owners))) do
    if owner then
      redis.call('UNLINK', base .. ':near:' .. owners[n] .. ':' .. owner, base .. ':ids:' .. owners[n] .. ':' .. owner)
    end
  end
  redis.call('UNLINK', key)
end
redis.call('UNLINK', base .. ':ids', base .. ':deleted', KEYS[1])
return 1
