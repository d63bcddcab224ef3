-- How far the groups of a stream are, all at one moment.
-- KEYS  stream
-- Gives {entries ever added, last id given out, first id that is there ('' = empty), groups as {name, last delivered id,
-- lowest pending id ('' = none)}}; nil where there is no such stream.
local function named(list)
  local facts = {}
  for i = 1, #list, 2 do
    facts[list[i]] = list[i + 1]
  end
  return facts
end

if redis.call('EXISTS', KEYS[1]) == 0 then
  return false
end
local stream = named(redis.call('XINFO', 'STREAM', KEYS[1]))
local groups = {}
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local facts = named(group)
  local pending = redis.call('XPENDING', KEYS[1], facts['name'])
  groups[#groups + 1] = { facts['name'], facts['last-delivered-id'], pending[2] or '' }
end
local first = stream['first-entry']
return { stream['entries-added'], stream['last-generated-id'], first and first[1] or '', groups }
