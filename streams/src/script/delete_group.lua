-- Deletes a group with all that it has pending, if its preview still holds. What is added to the stream meanwhile is no
-- change of the group.
-- KEYS  stream
-- ARGV  'look' or 'act', token of the preview ('' = none), group
-- Gives {word, token, last delivered id, how many pend, how many consumers}; words: 'look', 'act' (done), 'stale', 'none'.
local found
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local facts = named(group)
  if facts['name'] == ARGV[3] then
    found = facts
  end
end
if not found then
  return { 'none', '', '0-0', 0, 0 }
end
local pending = redis.call('XPENDING', KEYS[1], ARGV[3])
local delivered = found['last-delivered-id']
local seen = token({ delivered, pending[1], pending[2] or '', pending[3] or '', found['consumers'] })
local word = decide(ARGV[1], ARGV[2], seen)
if word == 'act' then
  redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[3])
end
return { word, seen, delivered, pending[1], found['consumers'] }
