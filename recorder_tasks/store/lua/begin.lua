-- begin: the one judge of staleness, right before a step's call.
-- KEYS 1 session   2 lease   3 clock
-- ARGV 1 key prefix   2 JSON {id, token, lease, app, slots {qps, spread, rank, ahead} or null, room (bool)}
--      `room`: of an acquire, which waits while the app is at its cap
-- Checks the token, renews the lease, takes a slot of the app's budget.
-- Returns {'go', slot, now, stored} | {'full', now, now, stored}: as go, but no recorder may be asked for | {'stale'}
--      | {'later', at}: put back, not counted as a claim.
local prefix, ask = ARGV[1], cjson.decode(ARGV[2])
local now = clock(KEYS[3], prefix)
local lease = redis.call('HMGET', KEYS[2], 'token', 'lane')
local stored = redis.call('GET', KEYS[1])
if lease[1] ~= ask.token or not stored then return {'stale'} end
if ask.room and no_room(prefix, ask.app, ask.id, stored, now) then
  hold(prefix, ask.id, lease[2], now + ask.lease)
  return {'full', text(now), text(now), stored}
end
local at, later = now, nil
if ask.slots ~= cjson.null then at, later = take_slot(prefix, ask.app, ask.slots, now, true) end
if not at then
  give_back(prefix, ask.id)
  put_due(prefix, lease[2], ask.id, later)
  return {'later', text(later)}
end
hold(prefix, ask.id, lease[2], now + ask.lease)
return {'go', text(at), text(now), stored}
