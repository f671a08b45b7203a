-- Writes points, each unless a later version of it is stored or deleted.
-- KEYS: meta, ids, deleted. ARGV: generation, root of the keys, and for each
-- point: id, version, vector, payload, scope, terms, the five scope ids, empty
-- where there is none, and the words.
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return redis.error_reply('DROPPED the collection was dropped')
end
local keys = {'org_id', 'app_id', 'user_id', 'agent_id', 'run_id'}
for i = 3, #ARGV, 12 do
  local id, version = ARGV[i], ARGV[i + 1]
  local key = ARGV[2] .. ':point:' .. id
  local stored = redis.call('HGET', key, 'version')
  local deleted = redis.call('HGET', KEYS[3], id)
  -- Versions are texts of one length: as numbers they would lose digits.
  if not (stored and stored > version) and not (deleted and deleted > version) then
    local fields = {'id', id, 'version', version, 'vector', ARGV[i + 2], 'payload', ARGV[i + 3], 'scope', ARGV[i + 4],
      'terms', ARGV[i + 5], 'words', ARGV[i + 11]}
    for n, name in ipairs(keys) do
      local value = ARGV[i + 5 + n]
      if value ~= '' then
        fields[#fields + 1] = name
        fields[#fields + 1] = value
      end
    end
    redis.call('DEL', key)
    redis.call('HSET', key, unpack(fields))
    redis.call('ZADD', KEYS[2], 0, id)
    redis.call('HDEL', KEYS[3], id)
  end
end
return 0
