-- Writes points, each unless a later version of it is stored or deleted.
-- KEYS: meta, ids, deleted. ARGV: generation, what keys of points begin with,
-- and for each point: id, version, vector, payload, scope, terms, the five scope
-- ids, empty where there is none, and the rest.
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return redis.error_reply('DROPPED the collection was dropped')
end
local keys = {'org_id', 'app_id', 'user_id', 'agent_id', 'run_id'}
for i = 3, #ARGV, 12 do
  local id, version = ARGV[i], ARGV[i + 1]
  local key = ARGV[2] .. id
  local stored = redis.call('HGET', key, named('version'))
  local deleted = redis.call('HGET', KEYS[3], id)
  -- Versions are texts of one length: as numbers they would lose digits.
  if not (stored and stored > version) and not (deleted and deleted > version) then
    local fields = {named('id'), id, named('version'), version, named('vector'), ARGV[i + 2],
      named('payload'), ARGV[i + 3], named('scope'), ARGV[i + 4], named('terms'), ARGV[i + 5]}
    for n, name in ipairs(keys) do
      local value = ARGV[i + 5 + n]
      if value ~= '' then
        fields[#fields + 1] = named(name)
        fields[#fields + 1] = value
      end
    end
    for name, value in pairs(rest(ARGV[i + 11])) do
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
    redis.call('DEL', key)
    redis.call('HSET', key, unpack(fields))
    redis.call('ZADD', KEYS[2], 0, id)
    if remembers then
      redis.call('HSET', KEYS[3], id, version)
    else
      redis.call('HDEL', KEYS[3], id)
    end
  end
end
return 0
