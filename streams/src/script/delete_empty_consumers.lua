-- Deletes consumers that hold nothing and were idle for long enough, and leaves the others alone.
-- KEYS  stream
-- ARGV  group, idle milliseconds, then names
-- Gives the names of those that were deleted.
local wanted, deleted = {}, {}
for i = 3, #ARGV do
  wanted[ARGV[i]] = true
end
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local facts = named(consumer)
  if wanted[facts['name']] and facts['pending'] == 0 and facts['idle'] >= tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], facts['name'])
    deleted[#deleted + 1] = facts['name']
  end
end
return deleted
