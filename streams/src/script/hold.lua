-- Says that entries are being worked on: resets their idle time, and writes down how many attempts were begun.
-- KEYS  stream
-- ARGV  group, consumer, then pairs of id and attempts ('' = leave the count)
-- Gives the ids that are no longer this consumer's: taken over, or acknowledged by somebody else.
local lost = {}
for i = 3, #ARGV, 2 do
  local id, attempts = ARGV[i], ARGV[i + 1]
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
  if pending[1] and pending[1][2] == ARGV[2] then
    if attempts == '' then
      redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'JUSTID')
    else
      redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'RETRYCOUNT', attempts, 'JUSTID')
    end
  elseif pending[1] or #redis.call('XRANGE', KEYS[1], id, id) > 0 then
    -- an entry that is neither pending nor in the stream lives only in this consumer's memory: not lost, kept
    lost[#lost + 1] = id
  end
end
return lost
