-- PRELUDE. Due times of a session, and the wake-up of dispatchers.
--   put_due(prefix, lane, id, at)   writes a score; if it is new and the earliest of its lane, wakes the dispatchers
--   start_comes(prefix, app, from, till)   whether a start of that app is due in between
--   LANES                           the most urgent first
local SEEN = 32 -- starts that are looked at: nothing may keep the server in a script
local LANES = {'stop', 'start', 'confirm', 'update', 'update_layout', 'query', 'settle'}

local function put_due(prefix, lane, id, at)
  local key = prefix .. 'due:' .. lane
  local changed = redis.call('ZADD', key, 'CH', text(at), id) == 1
  if changed and redis.call('ZRANGE', key, 0, 0)[1] == id then
    redis.call('PUBLISH', prefix .. 'wake', lane .. ' ' .. text(at))
  end
end

local function start_comes(prefix, app, from, till)
  local ids = redis.call('ZRANGEBYSCORE', prefix .. 'due:start', text(from), text(till), 'LIMIT', 0, SEEN)
  for _, id in ipairs(ids) do
    local stored = redis.call('GET', prefix .. 'session:' .. id)
    local named = stored and string.match(stored, '^[^\n]*\n{"id":"[^"]*","app":"([^"]*)"') -- not if it is the default
    if stored and (named or 'default') == app then return true end
  end
  return false
end
