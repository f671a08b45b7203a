-- Walks through the points that a scope covers and a condition holds for, in
-- the order of ids, and looks at so many in one step. Says where to go on, or
-- nothing at the end, and then what was asked for: the points, or their number,
-- or how many of them it deleted.
-- ARGV further: scope, condition as JSON or nothing, the id to go on after or
-- nothing, how many to find at most, how many to look at, what to do.
local wanted, field, owner, _, at = scope(3)
local all = field and ids(field, owner) or KEYS[2]
local condition = ARGV[at] ~= '' and cjson.decode(ARGV[at])
local after = ARGV[at + 1]
local most, look, what = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), ARGV[at + 4]

local function holds(c, terms)
  if c[1] == 'any' then
    for i = 2, #c do
      if string.find(terms, c[i], 1, true) then
        return true
      end
    end
    return false
  elseif c[1] == 'not' then
    return not holds(c[2], terms)
  end
  local all_of = c[1] == 'all'
  for i = 2, #c do
    if holds(c[i], terms) ~= all_of then
      return not all_of
    end
  end
  return all_of
end

local function matches(key)
  for _, pair in ipairs(wanted) do
    if redis.call('HGET', key, pair[1]) ~= pair[2] then
      return false
    end
  end
  return not condition or holds(condition, redis.call('HGET', key, 'terms'))
end

if what == 'count' and #wanted <= 1 and not condition then
  return {false, redis.call('ZCARD', all)}
end
local candidates = redis.call('ZRANGEBYLEX', all, after == '' and '-' or '(' .. after, '+', 'LIMIT', '0', look)
local found, count = {}, 0
local last = false
for _, id in ipairs(candidates) do
  if count == most then
    break
  end
  last = id
  local key = point(id)
  if matches(key) then
    count = count + 1
    if what == 'points' then
      found[#found + 1] = redis.call('HMGET', key, 'id', 'version', 'vector', 'payload', 'scope')
    elseif what == 'delete' then
      forget(id, redis.call('HGET', key, 'version'))
    end
  end
end
if #candidates < look and last == candidates[#candidates] then
  last = false
end
return {last, what == 'points' and found or count}
