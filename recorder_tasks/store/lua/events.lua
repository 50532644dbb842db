-- PRELUDE. The audit of a session and the feed of the fleet, both capped streams.
--   tell(prefix, id, {type, data}, at, own)    own: also into the session's stream, which begins after `scheduled`
local function tell(prefix, id, event, at, own)
  local fields = {'type', event[1], 'session', id, 'at', string.format('%.6f', at), 'data', event[2]}
  if own then
    redis.call('XADD', prefix .. 'events:' .. id, 'MAXLEN', '~', 300, '*', unpack(fields))
  end
  redis.call('XADD', prefix .. 'events', 'MAXLEN', '~', 20000, '*', unpack(fields))
end
