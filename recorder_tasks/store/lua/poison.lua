-- PRELUDE. Sessions that nobody can work on: they rest, and are told once.
--   rest(prefix, id, lane, now)             no claim of it for 30 s, twice as long each time, up to 10 min
--   blame(prefix, id, kind, why, now)       notes it in the hash `poison` and tells; false when it is noted already
--   noted(prefix, id, kind)                 whether it is, as this kind (stuck, unreadable, newer); and the note
--   forgive(prefix, id)                     it needs nothing any more
--   works(prefix, id)                       somebody has saved it: one that is left to newer workers stays noted
--   lose(prefix, id, now)                   it is due and not stored: it leaves every lane, and that is told
--   blind(prefix, reader, id)               workers of this version have found that they cannot read it as it stands
local function rest(prefix, id, lane, now)
  local key = prefix .. 'lease:' .. id
  local rests = tonumber(redis.call('HGET', key, 'rests') or 0)
  redis.call('HSET', key, 'token', '', 'lane', lane, 'rested', 1, 'rests', rests + 1)
  hold(prefix, id, lane, now + math.min(600, 30 * 2 ^ rests))
end

local function noted(prefix, id, kind)
  local note = redis.call('HGET', prefix .. 'poison', id)
  return note and string.find(note, '"kind":"' .. kind .. '"', 1, true) ~= nil, note
end

local function blame(prefix, id, kind, why, now)
  local same, note = noted(prefix, id, kind)
  if same or (note and kind == 'newer') then return false end
  redis.call('HSET', prefix .. 'poison', id, cjson.encode({kind = kind, why = why, at = text(now)}))
  tell(prefix, id, {'session.' .. kind, cjson.encode({kind = kind, why = why})}, now, true)
  return true
end

local function forgive(prefix, id)
  redis.call('HDEL', prefix .. 'poison', id)
end

local function works(prefix, id)
  if not noted(prefix, id, 'newer') then forgive(prefix, id) end
end

local function lose(prefix, id, now)
  for _, lane in ipairs(LANES) do redis.call('ZREM', prefix .. 'due:' .. lane, id) end
  drop(prefix, id)
  forgive(prefix, id)
  tell(prefix, id, {'session.lost', '{}'}, now, false)
end

local function blind(prefix, reader, id)
  local key = prefix .. 'blind:' .. reader
  local revision = redis.call('HGET', key, id)
  if not revision then return false end
  if redis.call('GETRANGE', prefix .. 'session:' .. id, 0, 15) == revision then return true end
  redis.call('HDEL', key, id)
  return false
end
