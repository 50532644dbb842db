-- pulse: whether the namespace takes writes, and whether it is the one that its caller knew.
-- KEYS 1 birth   2 clock
-- ARGV 1 key prefix   2 JSON {born, known or '', event [type, data]}
--      born: names the namespace if it has no name yet   known: the name that the caller has seen it have
--      event: told once, by whoever first misses the name it knew
-- Returns {name, sessions that are scheduled, schedules}. Raises what any write would: OOM, READONLY ...
local prefix, ask = ARGV[1], cjson.decode(ARGV[2])
local now = clock(KEYS[2], prefix)
redis.call('HSETNX', KEYS[1], 'name', ask.born)
local name = redis.call('HGET', KEYS[1], 'name')
if ask.known ~= '' and ask.known ~= name and redis.call('HSETNX', KEYS[1], 'emptied_at', text(now)) == 1 then
  redis.call('HSET', KEYS[1], 'lost', ask.event[2])
  tell(prefix, '', ask.event, now, false)
end
local scheduled = redis.call('ZCARD', prefix .. 'index:state:scheduled')
return {name, scheduled, redis.call('HLEN', prefix .. 'schedules')}
