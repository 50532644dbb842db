-- now: the namespace's time.
-- KEYS 1 clock
-- ARGV 1 key prefix   2 JSON {}
-- Returns {now, rate}.
local now = clock(KEYS[1])
return {string.format('%.6f', now), redis.call('HGET', KEYS[1], 'rate') or '1'}
