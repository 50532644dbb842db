-- extend: keep a claimed session for longer.
-- KEYS 1 lease   2 clock
-- ARGV 1 key prefix   2 JSON {id, token, lease}
-- Returns 1, or 0 when the token is not the lease's any more.
local job = cjson.decode(ARGV[2])
local now = clock(KEYS[2], ARGV[1])
local lease = redis.call('HMGET', KEYS[1], 'token', 'lane')
if lease[1] ~= job.token then return 0 end
hold(ARGV[1], job.id, lease[2], now + job.lease)
return 1
