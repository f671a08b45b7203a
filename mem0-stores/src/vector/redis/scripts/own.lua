-- Our own layout, before the scripts of points: a field is called what it is.
local function named(name)
  return name
end
local function rest(words)
  return {words = words}
end
local theirs = {}
local remembers = false
