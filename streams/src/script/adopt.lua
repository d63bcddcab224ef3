-- Gathers pending entries with bodies and attempts begun, without counting this as a delivery. Entries whose body was
-- deleted become dead letters without a body, so that their loss is told (F5).
-- KEYS  stream, its dead-letter stream
-- ARGV  'own' (with the idle ones) or 'idle', group, consumer, where to go on, how many, idle milliseconds, then the fields of the record
--       of a lost body, in which the value of 'dlq.source_id' is filled in here
-- Gives where to go on ('' or '0-0' = the end), the entries as {id, attempts, fields}, the number of lost bodies, and
-- the lowest id that pends in the group ('' = none).
local entries, lost = {}, 0

local function record_loss(id)
  local record = {}
  for i = 7, #ARGV, 2 do
    record[#record + 1] = ARGV[i]
    record[#record + 1] = ARGV[i] == 'dlq.source_id' and id or ARGV[i + 1]
  end
  redis.call('XADD', KEYS[2], '*', unpack(record))
  lost = lost + 1
end

local next_cursor, took_over = '', false
if ARGV[1] == 'own' then
  -- One pass in the order of ids over its own and the idle ones: an older entry of a key can be among those that were
  -- handed over, a newer one among its own.
  local page = redis.call('XPENDING', KEYS[1], ARGV[2], ARGV[4], '+', ARGV[5])
  for _, pending in ipairs(page) do
    local id, own, idle = pending[1], pending[2] == ARGV[3], pending[3] >= tonumber(ARGV[6])
    if own or idle then
      local body = redis.call('XRANGE', KEYS[1], id, id)
      if body[1] then
        -- its own too: from now on its lease runs, and nobody may take it for abandoned
        redis.call('XCLAIM', KEYS[1], ARGV[2], ARGV[3], 0, id, 'JUSTID')
        took_over = took_over or not own
        entries[#entries + 1] = { id, pending[4], body[1][2] }
      else
        record_loss(id)
        redis.call('XACK', KEYS[1], ARGV[2], id)
      end
    end
  end
  if #page == tonumber(ARGV[5]) then
    next_cursor = page[#page][1]
  end
else
  -- XAUTOCLAIM takes lost bodies out of the pending list and names them: recorded in the same breath
  local claimed = redis.call('XAUTOCLAIM', KEYS[1], ARGV[2], ARGV[3], ARGV[6], ARGV[4], 'COUNT', ARGV[5], 'JUSTID')
  next_cursor = claimed[1]
  for _, id in ipairs(claimed[2]) do
    local pending = redis.call('XPENDING', KEYS[1], ARGV[2], id, id, 1)
    local body = redis.call('XRANGE', KEYS[1], id, id)
    if pending[1] and body[1] then
      entries[#entries + 1] = { id, pending[1][4], body[1][2] }
    end
  end
  for _, id in ipairs(claimed[3] or {}) do
    record_loss(id)
  end
  took_over = #claimed[2] > 0
end
-- the place where entries wait to be picked up is not a consumer: it goes when it is empty
if took_over and #redis.call('XPENDING', KEYS[1], ARGV[2], '-', '+', 1, 'handed-over') == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[2], 'handed-over')
end
local all = redis.call('XPENDING', KEYS[1], ARGV[2])
return { next_cursor, entries, lost, all[2] or '' }
