-- The layout of the Python library, before the scripts of points: it and we
-- share the id and the vector; what else is ours is under names that it does not
-- look at.
local shared = {id = 'memory_id', vector = 'embedding'}
local function named(name)
  return shared[name] or 'mem0_' .. name
end
-- What a point has besides: its words, and the library's own fields.
local function rest(fields)
  return cjson.decode(fields)
end
-- The fields that it may have changed.
local theirs = {'memory', 'hash', 'metadata', 'created_at', 'updated_at'}
-- It deletes without leaving a version, so we keep the version of every point.
local remembers = true
