-- Removes the oldest entries of a stream that no group needs any more.
-- KEYS  stream
-- ARGV  how many entries to keep, how many to remove at most in this step
-- Gives the number removed. Reading the groups and trimming is one step, so that no group can move in between.
local function before(a, b)
  -- ids are <milliseconds>-<sequence> of up to 20 digits each: too long for Lua's numbers, compared as digits
  local a_ms, a_seq = a:match('^(%d+)-(%d+)$')
  local b_ms, b_seq = b:match('^(%d+)-(%d+)$')
  if #a_ms ~= #b_ms then return #a_ms < #b_ms end
  if a_ms ~= b_ms then return a_ms < b_ms end
  if #a_seq ~= #b_seq then return #a_seq < #b_seq end
  return a_seq < b_seq
end

local excess = redis.call('XLEN', KEYS[1]) - tonumber(ARGV[1])
if excess <= 0 then
  return 0
end
local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
-- a stream that nobody has started to read is all unread
if #groups == 0 then
  return 0
end
local step = math.min(excess, tonumber(ARGV[2]))
local page = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', step + 1)
local keep_from = page[#page][1]
for _, group in ipairs(groups) do
  local facts = {}
  for i = 1, #group, 2 do
    facts[group[i]] = group[i + 1]
  end
  -- the last delivered entry itself stays: one entry more, and no arithmetic on ids
  local needed = facts['last-delivered-id']
  local pending = redis.call('XPENDING', KEYS[1], facts['name'])
  if pending[1] > 0 and before(pending[2], needed) then
    needed = pending[2]
  end
  if before(needed, keep_from) then
    keep_from = needed
  end
end
return redis.call('XTRIM', KEYS[1], 'MINID', '=', keep_from)
