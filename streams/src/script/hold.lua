-- Says that entries are being worked on: resets their idle time, and writes down how many attempts were begun.
-- KEYS  stream
-- ARGV  group, consumer, 'back' to put back what pends no more, then pairs of id and attempts ('' = leave the count)
-- Gives three lists of ids: those that are somebody else's, those that are in the stream and pend no more, those that
-- are this consumer's. What is neither pending nor in the stream lives only in the consumer's memory and is in none.
local taken, gone, ours = {}, {}, {}
for i = 4, #ARGV, 2 do
  local id, attempts = ARGV[i], ARGV[i + 1]
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
  if pending[1] and pending[1][2] ~= ARGV[2] then
    taken[#taken + 1] = id
  elseif pending[1] or (ARGV[3] == 'back' and #redis.call('XRANGE', KEYS[1], id, id) > 0) then
    if attempts == '' then
      redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'FORCE', 'JUSTID')
    else
      redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'RETRYCOUNT', attempts, 'FORCE', 'JUSTID')
    end
    ours[#ours + 1] = id
  elseif #redis.call('XRANGE', KEYS[1], id, id) > 0 then
    gone[#gone + 1] = id
  end
end
return { taken, gone, ours }
