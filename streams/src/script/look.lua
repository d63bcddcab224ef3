-- Goes before the scripts that act only on what a preview has shown: what they share.
-- Names and values of XINFO as a table.
local function named(list)
  local facts = {}
  for i = 1, #list, 2 do
    facts[list[i]] = list[i + 1]
  end
  return facts
end

-- Whether an id comes before another one. Ids are <milliseconds>-<sequence> of up to 20 digits each: too long for Lua's
-- numbers, compared as digits.
local function before(a, b)
  local a_ms, a_seq = a:match('^(%d+)-(%d+)$')
  local b_ms, b_seq = b:match('^(%d+)-(%d+)$')
  if #a_ms ~= #b_ms then return #a_ms < #b_ms end
  if a_ms ~= b_ms then return a_ms < b_ms end
  if #a_seq ~= #b_seq then return #a_seq < #b_seq end
  return a_seq < b_seq
end

-- A token of what was seen, that is another one when anything of it is. Each fact with its length before it, so that no
-- two lists look alike.
local function token(facts)
  local text = {}
  for i, fact in ipairs(facts) do
    fact = tostring(fact)
    text[i] = #fact .. ':' .. fact
  end
  return redis.sha1hex(table.concat(text)):sub(1, 16)
end

-- Whether to act: 'look' only looks, 'stale' is an act whose preview has shown something else, 'act' goes on.
local function decide(mode, expected, seen)
  if expected ~= '' and expected ~= seen then
    return 'stale'
  end
  return mode
end

