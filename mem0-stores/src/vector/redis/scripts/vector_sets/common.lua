-- What the scripts for vector sets share. KEYS: meta, ids, deleted.
-- ARGV: generation, root of the keys.
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return redis.error_reply('DROPPED the collection was dropped')
end
local base = ARGV[2]
-- Whoever asks names one of these at least; each owner has sets of its own.
local OWNERS = {user_id = true, agent_id = true, run_id = true}

local function point(id)
  return base .. ':point:' .. id
end

local function near(field, owner)
  return base .. ':near:' .. field .. ':' .. owner
end

local function ids(field, owner)
  return base .. ':ids:' .. field .. ':' .. owner
end

-- Takes a point out of the sets of an owner.
local function leave(field, owner, id)
  redis.call('VREM', near(field, owner), id)
  redis.call('ZREM', ids(field, owner), id)
end

-- Removes a point as of a version, which is kept for unknown ids too: their
-- write may still be on its way. Says how many went.
local function forget(id, version)
  local deleted = redis.call('HGET', KEYS[3], id)
  if not deleted or deleted < version then
    redis.call('HSET', KEYS[3], id, version)
  end
  for field in pairs(OWNERS) do
    local owner = redis.call('HGET', point(id), field)
    if owner then
      leave(field, owner, id)
    end
  end
  redis.call('ZREM', KEYS[2], id)
  return redis.call('DEL', point(id))
end

-- Reads a scope from ARGV, at a place: how many ids, then name and value of
-- each. Also says which of its owners has the fewest points, and the place
-- after it.
local function scope(at)
  local wanted, last = {}, at + 2 * tonumber(ARGV[at])
  local field, owner, fewest
  for n = at + 1, last, 2 do
    wanted[#wanted + 1] = {ARGV[n], ARGV[n + 1]}
    if OWNERS[ARGV[n]] then
      local size = redis.call('ZCARD', ids(ARGV[n], ARGV[n + 1]))
      if not fewest or size < fewest then
        field, owner, fewest = ARGV[n], ARGV[n + 1], size
      end
    end
  end
  return wanted, field, owner, fewest, last + 1
end
