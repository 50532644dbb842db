-- PRELUDE. The takes that may be recording, for the journals: a hash of all, and a capped stream of changes.
--   note_takes(prefix, live [[key, body]], over [key])
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
