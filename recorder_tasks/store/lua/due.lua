-- PRELUDE. Due times of a session, and the wake-up of dispatchers.
--   put_due(prefix, lane, id, at)   writes a score; if it is new and the earliest of its lane, wakes the dispatchers
--   LANES                           the most urgent first
local LANES = {'stop', 'start', 'confirm', 'update', 'update_layout', 'query', 'settle'}

local function put_due(prefix, lane, id, at)
  local key = prefix .. 'due:' .. lane
  local changed = redis.call('ZADD', key, 'CH', text(at), id) == 1
  if changed and redis.call('ZRANGE', key, 0, 0)[1] == id then
    redis.call('PUBLISH', prefix .. 'wake', lane .. ' ' .. text(at))
  end
end
