-- Moves one entry to the dead-letter stream and acknowledges it, or does nothing.
-- KEYS  source stream, its dead-letter stream
-- ARGV  group, consumer that gives up on it ('' = whoever has it), id, then the fields of the record
-- Gives the id of the record; nil where the entry is somebody else's or already acknowledged; fails where the group is not
-- there and the entry is, as the group that is created again will be given it.
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)
local owner = not pending.err and pending[1] and pending[1][2]
if owner and ARGV[2] ~= '' and owner ~= ARGV[2] then
  return false
end
-- Neither pending nor in the stream (deleted, trimmed, flushed while it was being handled): the caller holds the last
-- copy, so it is kept. Not pending but in the stream: it was acknowledged.
if not owner and #redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3]) > 0 then
  return pending.err and pending or false
end
-- XADD first: it is the one that can be refused (out of memory), and then nothing has changed.
local record = redis.call('XADD', KEYS[2], '*', unpack(ARGV, 4))
if owner then
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
end
return record
