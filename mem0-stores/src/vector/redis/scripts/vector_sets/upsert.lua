-- Writes points, each unless a later version of it is stored or deleted.
-- ARGV further: quantisation, EF, M, and for each point: id, version, vector,
-- payload, scope, terms, the five scope ids, empty where there is none, and the
-- attributes.
local names = {'org_id', 'app_id', 'user_id', 'agent_id', 'run_id'}
for i = 6, #ARGV, 12 do
  local id, version, vector, attributes = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 11]
  local key = point(id)
  local stored, before = unpack(redis.call('HMGET', key, 'version', 'vector'))
  local deleted = redis.call('HGET', KEYS[3], id)
  -- Versions are texts of one length: as numbers they would lose digits.
  if not (stored and stored > version) and not (deleted and deleted > version) then
    local fields = {'id', id, 'version', version, 'vector', vector, 'payload', ARGV[i + 3], 'scope', ARGV[i + 4],
      'terms', ARGV[i + 5]}
    for n, name in ipairs(names) do
      local value = ARGV[i + 5 + n]
      if value ~= '' then
        fields[#fields + 1] = name
        fields[#fields + 1] = value
      end
      if OWNERS[name] then
        local owner = redis.call('HGET', key, name)
        if owner and owner ~= value then
          leave(name, owner, id)
        end
        if value ~= '' and owner == value and before == vector then
          redis.call('VSETATTR', near(name, value), id, attributes)
        elseif value ~= '' then
          redis.call('VADD', near(name, value), 'FP32', vector, id, ARGV[3], 'EF', ARGV[4], 'SETATTR', attributes,
            'M', ARGV[5])
          redis.call('ZADD', ids(name, value), 0, id)
        end
      end
    end
    redis.call('DEL', key)
    redis.call('HSET', key, unpack(fields))
    redis.call('ZADD', KEYS[2], 0, id)
    redis.call('HDEL', KEYS[3], id)
  end
end
return 0
