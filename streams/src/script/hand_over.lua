-- Makes pending entries free for the group's reclaimer at once, as if their owner had died long ago.
-- KEYS  stream
-- ARGV  group, consumer that lets go ('' = whoever has it), idle milliseconds, then pairs of id and attempts ('' = leave
--       the count)
-- Gives the ids that were handed over; the others are no longer pending, or somebody else's.
local done = {}
for i = 4, #ARGV, 2 do
  local id, attempts = ARGV[i], ARGV[i + 1]
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
  if pending[1] and (ARGV[2] == '' or pending[1][2] == ARGV[2]) then
    if attempts == '' then
      attempts = pending[1][4]
    end
    local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], 'handed-over', 0, id,
      'IDLE', ARGV[3], 'RETRYCOUNT', attempts, 'JUSTID')
    if #claimed > 0 then
      done[#done + 1] = id
    end
  end
end
return done
