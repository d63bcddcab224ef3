-- Sends one dead letter back to the group that failed, and removes it: both or neither.
-- KEYS  source stream, its dead-letter stream
-- ARGV  id of the record, id in the source stream, group, idle milliseconds, replay mark, number of leading fields of
--       the record that are not the entry's
-- Gives {word, id}: 'to_group', 'added', or why not: 'gone', 'pending', 'no_group'.
local record = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])
if #record == 0 then
  return { 'gone', '' }
end
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[3], ARGV[2], ARGV[2], 1)
if pending.err then
  return { 'no_group', '' }
end
if #pending > 0 then
  return { 'pending', '' }
end
local original = {}
for i = tonumber(ARGV[6]) * 2 + 1, #record[1][2] do
  original[#original + 1] = record[1][2][i]
end
-- an id can be given out again after a flush: the entry counts as present only if it is the same one
local source = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])
local same = #source > 0 and #source[1][2] == #original
if same then
  for i = 1, #original do
    same = same and source[1][2][i] == original[i]
  end
end
local word, id
if same then
  redis.call('XCLAIM', KEYS[1], ARGV[3], 'handed-over', 0, ARGV[2],
    'IDLE', ARGV[4], 'RETRYCOUNT', 0, 'FORCE', 'JUSTID')
  word, id = 'to_group', ARGV[2]
else
  local again = {}
  for i = 1, #original, 2 do
    if original[i] ~= 'replay' then
      again[#again + 1] = original[i]
      again[#again + 1] = original[i + 1]
    end
  end
  again[#again + 1] = 'replay'
  again[#again + 1] = ARGV[5]
  word, id = 'added', redis.call('XADD', KEYS[1], '*', unpack(again))
end
redis.call('XDEL', KEYS[2], ARGV[1])
return { word, id }
