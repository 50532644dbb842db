-- PRELUDE. The namespace's time, as recorder_tasks/store/lua/clock.lua keeps it; read only.
--   now(key) -> seconds since the epoch, never before the latest instant that anybody was told
-- A test namespace may hold rate, anchor and offset: now = anchor + (TIME - anchor) * rate + offset.
local function text(at)
  return string.format('%.6f', at)
end

local function now(key)
  local t = redis.call('TIME')
  local at = tonumber(t[1]) + tonumber(t[2]) / 1000000
  local kept = redis.call('HMGET', key, 'last', 'rate', 'anchor', 'offset')
  if kept[2] then at = tonumber(kept[3]) + (at - tonumber(kept[3])) * tonumber(kept[2]) + tonumber(kept[4]) end
  local last = tonumber(kept[1] or 0)
  if last > at and last - at <= 2 then return last end
  return at
end
