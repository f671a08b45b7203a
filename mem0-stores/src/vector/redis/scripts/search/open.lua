-- Opens a collection, making it and its index if needed, in one step: of two
-- processes that create it one comes first and the other sees its result.
-- KEYS: meta. ARGV: what the keys of all its lives begin with, generation where
-- it is new, model, dims, digest, whether the words of an older layout are
-- filled in, the layout, what keys of points begin with if that is not the root
-- of a life, and then the arguments of FT.CREATE after the prefix.
local meta = redis.call('HMGET', KEYS[1], 'generation', 'model', 'dims', 'digest', 'layout')
local new = not meta[1]
local generation = meta[1] or ARGV[2]
local base = ARGV[1] .. ':' .. generation
local points = ARGV[8] ~= '' and ARGV[8] or base .. ':point:'
local create = {'FT.CREATE', base .. ':index', 'ON', 'HASH', 'PREFIX', '1', points}
for i = 9, #ARGV do
  create[#create + 1] = ARGV[i]
end
local rebuilt = 0
if new then
  redis.call(unpack(create))
  redis.call('HSET', KEYS[1], 'generation', generation, 'model', ARGV[3], 'dims', ARGV[4], 'digest', ARGV[5],
    'layout', ARGV[7])
  meta = {generation, ARGV[3], ARGV[4], ARGV[5], ARGV[7]}
elseif meta[3] == ARGV[4] then
  if meta[5] == '1' and ARGV[6] == 'filled' then
    -- The first layout had no words, and its index does not know of them.
    redis.pcall('FT.DROPINDEX', base .. ':index')
    redis.call('HSET', KEYS[1], 'layout', '2')
    meta[5] = '2'
  end
  if meta[5] == ARGV[7] then
    -- An index that was lost, for instance in a copy of the data alone.
    local made = redis.pcall(unpack(create))
    if type(made) == 'table' and made.err then
      if not string.find(made.err, 'already exists', 1, true) then
        return made
      end
    else
      rebuilt = 1
    end
  end
end
meta[6] = rebuilt
meta[7] = redis.call('ZCARD', base .. ':ids')
return meta
