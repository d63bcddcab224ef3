-- Sends entries back to the group that failed, and removes their dead letters: each both or neither.
-- KEYS  source stream, its dead-letter stream, marks of the job that sends (absent = no job)
-- ARGV  group, idle milliseconds, lifetime of the marks in milliseconds, then three for each entry: id of its record ('' =
--       it was no dead letter), id in the source stream, replay mark
-- Gives a word and an id for each: 'to_group', 'added', or why not: 'gone', 'foreign', 'body_lost', 'pending', 'unread',
-- 'no_group'.
-- With marks, what was sent once is not sent again: it gets the answer that it got then.
local function before(a, b)
  -- ids are <milliseconds>-<sequence> of up to 20 digits each: too long for Lua's numbers, compared as digits
  local a_ms, a_seq = a:match('^(%d+)-(%d+)$')
  local b_ms, b_seq = b:match('^(%d+)-(%d+)$')
  if #a_ms ~= #b_ms then return #a_ms < #b_ms end
  if a_ms ~= b_ms then return a_ms < b_ms end
  if #a_seq ~= #b_seq then return #a_seq < #b_seq end
  return a_seq < b_seq
end

local delivered
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
for _, group in ipairs(groups.err and {} or groups) do
  local facts = {}
  for i = 1, #group, 2 do
    facts[group[i]] = group[i + 1]
  end
  if facts['name'] == ARGV[1] then
    delivered = facts['last-delivered-id']
  end
end

-- the fields after those that explain the failure; nil where it does not say where they begin
local function original(record)
  for i = 1, #record, 2 do
    if record[i] == 'dlq.fields' then
      local fields = {}
      for j = i + 2, #record do
        fields[#fields + 1] = record[j]
      end
      return fields
    end
  end
end

local function equal(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do
    if a[i] ~= b[i] then return false end
  end
  return true
end

local function send(record_id, id, mark)
  local fields
  if record_id ~= '' then
    local record = redis.call('XRANGE', KEYS[2], record_id, record_id)
    if #record == 0 then
      return 'gone', ''
    end
    fields = original(record[1][2])
    if not fields then
      return 'foreign', ''
    end
    if #fields == 0 then
      return 'body_lost', ''
    end
  end
  if not delivered then
    return 'no_group', ''
  end
  if #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1) > 0 then
    return 'pending', ''
  end
  -- an id can be given out again after a flush: the entry counts as present only if it is the same one
  local source = redis.call('XRANGE', KEYS[1], id, id)
  if #source > 0 and (not fields or equal(source[1][2], fields)) then
    if before(delivered, id) then
      return 'unread', ''
    end
    redis.call('XCLAIM', KEYS[1], ARGV[1], 'handed-over', 0, id, 'IDLE', ARGV[2], 'RETRYCOUNT', 0, 'FORCE', 'JUSTID')
    if fields then
      redis.call('XDEL', KEYS[2], record_id)
    end
    return 'to_group', id
  end
  if not fields then
    return 'gone', ''
  end
  local again = {}
  for i = 1, #fields, 2 do
    if fields[i] ~= 'replay' then
      again[#again + 1] = fields[i]
      again[#again + 1] = fields[i + 1]
    end
  end
  again[#again + 1] = 'replay'
  again[#again + 1] = mark
  local added = redis.call('XADD', KEYS[1], '*', unpack(again))
  redis.call('XDEL', KEYS[2], record_id)
  return 'added', added
end

local answers = {}
for i = 4, #ARGV, 3 do
  local name = ARGV[i] .. ' ' .. ARGV[i + 1]
  local told = KEYS[3] and redis.call('HGET', KEYS[3], name)
  local word, id
  if told then
    word, id = told:match('^(%S+) (.*)$')
  else
    word, id = send(ARGV[i], ARGV[i + 1], ARGV[i + 2])
    if KEYS[3] and (word == 'to_group' or word == 'added') then
      redis.call('HSET', KEYS[3], name, word .. ' ' .. id)
    end
  end
  answers[#answers + 1] = word
  answers[#answers + 1] = id
end
if KEYS[3] then
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
end
return answers
