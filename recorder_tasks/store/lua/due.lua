-- PRELUDE. Due times of a session, and the wake-up of dispatchers.
--   put_due(prefix, lane, id, at)   writes a score; if it is now the earliest of its lane, wakes the dispatchers
--   LANES                           the most urgent first
local LANES = {'stop', 'start', 'confirm', 'update', 'update_layout', 'query', 'settle'}

local function put_due(prefix, lane, id, at)
  local key = prefix .. 'due:' .. lane
  redis.call('ZADD', key, string.format('%.6f', at), id)
  if redis.call('ZRANGE', key, 0, 0)[1] == id then
    redis.call('PUBLISH', prefix .. 'wake', lane)
  end
end
