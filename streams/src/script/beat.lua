-- Tells that a process lives, and what it measured.
-- KEYS  index of the processes, record of this one
-- ARGV  id of this process, its record, lifetime in milliseconds
-- Gives the time in milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- first what fails where somebody has put another kind of key in its place
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])
-- nobody of ours writes from the future, and such a line would stay for ever
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + ARGV[3], '+inf')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return now
