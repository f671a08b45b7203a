-- Opens a collection, making it if needed, in one step: of two processes that
-- create it one comes first and the other sees its result.
-- KEYS: meta. ARGV: what the keys of all its lives begin with, generation where
-- it is new, model, dims, digest, quantisation where it is new.
local known = redis.pcall('VCARD', KEYS[1] .. ':none')
if type(known) == 'table' and known.err then
  return redis.error_reply('NOVECTORSETS the server has no vector sets')
end
local meta = redis.call('HMGET', KEYS[1], 'generation', 'model', 'dims', 'digest', 'layout', 'quantisation')
if not meta[1] then
  meta = {ARGV[2], ARGV[3], ARGV[4], ARGV[5], 'sets', ARGV[6]}
  redis.call('HSET', KEYS[1], 'generation', meta[1], 'model', meta[2], 'dims', meta[3], 'digest', meta[4],
    'layout', meta[5], 'quantisation', meta[6])
end
return meta
