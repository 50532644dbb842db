-- now: the namespace's time; writes nothing.
-- KEYS 1 clock
-- ARGV 1 key prefix   2 JSON {}
-- Returns {now, rate}.
local now = look(KEYS[1])
return {text(now), redis.call('HGET', KEYS[1], 'rate') or '1'}
