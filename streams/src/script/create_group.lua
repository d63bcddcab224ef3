-- Creates a group, if its preview still holds.
-- KEYS  stream
-- ARGV  'look' or 'act', token of the preview ('' = none), group, id to begin after ('$' = the last one), 'make' to make
--       the stream where there is none
-- Gives {word, token, the last id that the stream gave out ('' = there is no stream)}; words: 'look', 'act' (done),
-- 'stale', 'exists', 'no_stream'.
local has_stream = redis.call('EXISTS', KEYS[1]) == 1
local last = ''
if has_stream then
  last = named(redis.call('XINFO', 'STREAM', KEYS[1]))['last-generated-id']
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    if named(group)['name'] == ARGV[3] then
      return { 'exists', '', last }
    end
  end
elseif ARGV[5] ~= 'make' then
  return { 'no_stream', '', '' }
end
local seen = token({ tostring(has_stream), ARGV[4] })
local word = decide(ARGV[1], ARGV[2], seen)
if word == 'act' then
  redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[3], ARGV[4], 'MKSTREAM')
end
return { word, seen, last }
