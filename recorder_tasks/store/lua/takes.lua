-- PRELUDE. The takes that may be recording, for the journals: a hash of all, and a capped stream of changes; and
-- those without a sid, which nobody can stop by name, by when a net has surely ended each.
--   note_takes(prefix, live [[key, body]], over [key])
--   note_orphans(prefix, orphans [[name, until, body]], found [name])
local function note_takes(prefix, live, over)
  local function changed(op, key, body)
    redis.call('XADD', prefix .. 'takes', 'MAXLEN', '~', 10000, '*', 'op', op, 'key', key, 'body', body)
  end
  for _, take in ipairs(live) do
    redis.call('HSET', prefix .. 'live', take[1], take[2])
    changed('live', take[1], take[2])
  end
  for _, key in ipairs(over) do
    redis.call('HDEL', prefix .. 'live', key)
    changed('over', key, '')
  end
end

local function note_orphans(prefix, orphans, found)
  for _, entry in ipairs(orphans) do
    redis.call('ZADD', prefix .. 'orphans', entry[2], entry[1])
    redis.call('HSET', prefix .. 'orphan', entry[1], entry[3])
  end
  for _, name in ipairs(found) do
    redis.call('ZREM', prefix .. 'orphans', name)
    redis.call('HDEL', prefix .. 'orphan', name)
  end
end
