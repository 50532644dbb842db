-- PRELUDE. One clock for the namespace: Redis's TIME.
--   clock(key) -> now, stepped      seconds since the epoch; how far TIME was found to have gone back, or nil
-- A step back of up to 2 s is clamped to the latest instant seen; a larger one is followed and told.
-- A test namespace may hold rate, anchor and offset: now = anchor + (TIME - anchor) * rate + offset.
local function clock(key)
  local t = redis.call('TIME')
  local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
  local kept = redis.call('HMGET', key, 'last', 'rate', 'anchor', 'offset')
  if kept[2] then
    now = tonumber(kept[3]) + (now - tonumber(kept[3])) * tonumber(kept[2]) + tonumber(kept[4])
  end
  local last = tonumber(kept[1] or 0)
  local stepped = nil
  if now < last then
    if last - now <= 2 then return last, nil end
    stepped = last - now
  end
  redis.call('HSET', key, 'last', string.format('%.6f', now))
  return now, stepped
end
