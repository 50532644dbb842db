-- PRELUDE. Whether a schedule has moved since its planner read it, so that an old plan changes nothing.
--   outdated(prefix, guard {name, revision} or null)    the revision of a schedule that is gone is ''
local function outdated(prefix, guard)
  if not guard or guard == cjson.null then return false end
  local stored = redis.call('HGET', prefix .. 'schedules', guard.name) or ''
  return string.sub(stored, 1, 16) ~= guard.revision
end
