-- Removes a collection whole, in one step, whichever way it searches. In the
-- layout of the Python library what that alone wrote stays, and so does its index.
-- KEYS: meta. ARGV: what the keys of all its lives begin with, what keys of
-- points begin with in that layout.
local meta = redis.call('HMGET', KEYS[1], 'generation', 'layout')
local generation, theirs = meta[1], meta[2] == 'mem0ai'
if not generation then
  return 0
end
local base = ARGV[1] .. ':' .. generation
if theirs then
  redis.pcall('FT.DROPINDEX', base .. ':index')
else
  redis.pcall('FT.DROPINDEX', base .. ':index', 'DD')
end
-- What the index did not know of.
local owners = {'user_id', 'agent_id', 'run_id'}
for _, id in ipairs(redis.call('ZRANGE', base .. ':ids', 0, -1)) do
  local key = (theirs and ARGV[2] or base .. ':point:') .. id
  if not theirs then
    for n, owner in ipairs(redis.call('HMGET', key, unpack(owners))) do
      if owner then
        redis.call('UNLINK', base .. ':near:' .. owners[n] .. ':' .. owner, base .. ':ids:' .. owners[n] .. ':' .. owner)
      end
    end
  end
  if not theirs or redis.call('HEXISTS', key, 'mem0_version') == 1 then
    redis.call('UNLINK', key)
  end
end
redis.call('UNLINK', base .. ':ids', base .. ':deleted', KEYS[1])
return 1
