-- PRELUDE. One clock for the namespace: Redis's TIME.
--   look(key) -> now, back          seconds since the epoch; how far TIME has gone back, or 0; writes nothing
--   clock(key, prefix) -> now       the same, kept as the latest instant seen
-- A step back of up to 2 s is clamped to the latest instant seen; a larger one is followed, told to the fleet, and
-- left in the clock's `back` for the next claim, which moves leases back with it.
-- A test namespace may hold rate, anchor and offset: now = anchor + (TIME - anchor) * rate + offset.
local CLAMPED = 2

local function text(at)
  return string.format('%.6f', at)
end

local function look(key)
  local t = redis.call('TIME')
  local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
  local kept = redis.call('HMGET', key, 'last', 'rate', 'anchor', 'offset')
  if kept[2] then
    now = tonumber(kept[3]) + (now - tonumber(kept[3])) * tonumber(kept[2]) + tonumber(kept[4])
  end
  now = tonumber(text(now)) -- as scores are written: what is later than now is later in the sets too
  local back = tonumber(kept[1] or 0) - now
  if back > 0 and back <= CLAMPED then return tonumber(kept[1]), 0 end
  return now, math.max(0, back)
end

local function clock(key, prefix)
  local now, back = look(key)
  if back > 0 then
    redis.call('HINCRBYFLOAT', key, 'back', text(back))
    tell(prefix, '', {'clock.stepped_back', '{"seconds":' .. text(back) .. '}'}, now, false)
  end
  redis.call('HSET', key, 'last', text(now))
  return now
end
