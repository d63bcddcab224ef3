-- Hands over what a consumer has pending, and deletes it once it has nothing: a consumer that is deleted takes what it has
-- along (F11). Entries whose body was deleted become dead letters without a body, so that their loss is told (F5).
-- KEYS  stream, its dead-letter stream
-- ARGV  group, consumer, who gets the entries, their idle milliseconds then ('' = as they are), how many to hand over at
--       most in this step, then the fields of the record of a lost body, in which the value of 'dlq.source_id' is filled
--       in here
-- Gives {'deleted', or 'more' where it has more than was handed over; how many were handed over; how many had lost their
-- body}.
local handed_over, lost = 0, 0
local page = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[5], ARGV[2])
for _, pending in ipairs(page) do
  local id = pending[1]
  if #redis.call('XRANGE', KEYS[1], id, id) > 0 then
    local idle = ARGV[4] == '' and pending[3] or ARGV[4]
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, id, 'IDLE', idle, 'JUSTID')
    handed_over = handed_over + 1
  else
    local record = {}
    for i = 6, #ARGV, 2 do
      record[#record + 1] = ARGV[i]
      record[#record + 1] = ARGV[i] == 'dlq.source_id' and id or ARGV[i + 1]
    end
    redis.call('XADD', KEYS[2], '*', unpack(record))
    redis.call('XACK', KEYS[1], ARGV[1], id)
    lost = lost + 1
  end
end
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then
  return { 'more', handed_over, lost }
end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return { 'deleted', handed_over, lost }
