-- Removes the entries of a stream before an id, if its preview still holds. What is added meanwhile is no change of what
-- is removed.
-- KEYS  stream
-- ARGV  'look' or 'act', token of the preview ('' = none), id of the first entry to keep, 'past' to go past what groups
--       need, how many pending ids to look at in a group
-- Gives {word, token, the first id that is kept, how many were removed, groups as {name, last delivered id, ids that pend
-- before the place asked for}}; words: 'look', 'act' (done), 'stale'.
local stream = named(redis.call('XINFO', 'STREAM', KEYS[1]))
local groups, cut = {}, ARGV[3]
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local facts = named(group)
  local name, delivered = facts['name'], facts['last-delivered-id']
  groups[#groups + 1] = { name, delivered }
  if ARGV[4] ~= 'past' then
    local unread = redis.call('XRANGE', KEYS[1], '(' .. delivered, '+', 'COUNT', 1)
    if unread[1] and before(unread[1][1], cut) then
      cut = unread[1][1]
    end
    local pending = redis.call('XPENDING', KEYS[1], name)
    if pending[1] > 0 and before(pending[2], cut) then
      cut = pending[2]
    end
  end
end
-- Nothing is added before the last id: as long as nothing is removed anywhere, the same entries are before the cut.
local seen = { cut, stream['entries-added'] - stream['length'] }
for _, group in ipairs(groups) do
  local ids = {}
  for i, pending in ipairs(redis.call('XPENDING', KEYS[1], group[1], '-', '(' .. ARGV[3], ARGV[5])) do
    ids[i] = pending[1]
  end
  if ARGV[4] == 'past' then
    seen[#seen + 1] = group[1]
    seen[#seen + 1] = before(group[2], cut) and group[2] or ''
    seen[#seen + 1] = table.concat(ids, ' ')
  end
  group[3] = ids
end
seen = token(seen)
local word, removed = decide(ARGV[1], ARGV[2], seen), 0
if word == 'act' then
  removed = redis.call('XTRIM', KEYS[1], 'MINID', '=', cut)
end
return { word, seen, cut, removed, groups }
