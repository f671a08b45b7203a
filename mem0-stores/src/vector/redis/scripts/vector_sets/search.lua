-- Finds the nearest points of each query, among those of the owner in its scope
-- that has the fewest. A small set is scanned; in a larger one the graph is
-- followed until enough is found that the expression holds for, however far.
-- ARGV further: up to how many points a set is scanned, EF, whether vectors are
-- wanted, and for each query: scope, vector, expression, how many.
local answers = {}
local at = 6
while at <= #ARGV do
  local _, field, owner, size, after = scope(at)
  local hits = {}
  if size > 0 then
    local ask = {'VSIM', near(field, owner), 'FP32', ARGV[after], 'WITHSCORES', 'COUNT', ARGV[after + 2]}
    local extra = size <= tonumber(ARGV[3]) and {'TRUTH'} or {'EF', ARGV[4], 'FILTER-EF', size}
    if ARGV[after + 1] ~= '' then
      extra[#extra + 1] = 'FILTER'
      extra[#extra + 1] = ARGV[after + 1]
    end
    for _, word in ipairs(extra) do
      ask[#ask + 1] = word
    end
    local found = redis.call(unpack(ask))
    for i = 1, #found, 2 do
      local kept = redis.call('HMGET', point(found[i]), 'version', ARGV[5] == '1' and 'vector' or 'id')
      hits[#hits + 1] = found[i]
      hits[#hits + 1] = kept[1]
      hits[#hits + 1] = ARGV[5] == '1' and kept[2] or found[i + 1]
    end
  end
  answers[#answers + 1] = hits
  at = after + 3
end
return answers
