-- Deletes entries of a stream, if the preview still holds.
-- KEYS  stream
-- ARGV  'look' or 'act', token of the preview ('' = none), then ids
-- Gives {word, token, for each id 1 where the entry is there, groups as {name, how many of them it has not read, how many
-- of them pend in it}}; words: 'look', 'act' (those that were there are deleted), 'stale'.
local present, groups, seen = {}, {}, {}
for i = 3, #ARGV do
  present[i - 2] = #redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])
  seen[#seen + 1] = ARGV[i]
  seen[#seen + 1] = present[i - 2]
end
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local facts = named(group)
  local unread, pending = 0, 0
  seen[#seen + 1] = facts['name']
  for i = 3, #ARGV do
    if present[i - 2] == 1 then
      if before(facts['last-delivered-id'], ARGV[i]) then
        unread = unread + 1
        seen[#seen + 1] = 'unread ' .. ARGV[i]
      elseif facts['pending'] > 0 and #redis.call('XPENDING', KEYS[1], facts['name'], ARGV[i], ARGV[i], 1) > 0 then
        pending = pending + 1
        seen[#seen + 1] = 'pending ' .. ARGV[i]
      end
    end
  end
  groups[#groups + 1] = { facts['name'], unread, pending }
end
seen = token(seen)
local word = decide(ARGV[1], ARGV[2], seen)
if word == 'act' and #present > 0 then
  redis.call('XDEL', KEYS[1], unpack(ARGV, 3))
end
return { word, seen, present, groups }
