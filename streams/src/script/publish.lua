-- Adds entries to a stream, all or none: none where the stream has less than was published to it before, which means that
-- it was lost or went back to an earlier state.
-- KEYS  stream
-- ARGV  how many entries it must have had, milliseconds and sequence of the last id that it must have given out, then a
--       value of the field 'data' for each entry
-- Gives {entries ever added, ids}; nil where nothing was added.
local added, ms, seq = 0, 0, 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  local stream = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #stream, 2 do
    if stream[i] == 'entries-added' then
      added = stream[i + 1]
    elseif stream[i] == 'last-generated-id' then
      -- ids of our own making are given by a clock: small enough for Lua's numbers
      local last_ms, last_seq = stream[i + 1]:match('^(%d+)-(%d+)$')
      ms, seq = tonumber(last_ms), tonumber(last_seq)
    end
  end
end
local must_ms, must_seq = tonumber(ARGV[2]), tonumber(ARGV[3])
if added < tonumber(ARGV[1]) or ms < must_ms or (ms == must_ms and seq < must_seq) then
  return false
end
local ids = {}
for i = 4, #ARGV do
  ids[#ids + 1] = redis.call('XADD', KEYS[1], '*', 'data', ARGV[i])
end
return { added + #ids, ids }
