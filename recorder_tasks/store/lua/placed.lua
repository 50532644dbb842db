-- placed: the starts of an app have their places before the bell; look again at an instant, or never.
-- KEYS 1 bells
-- ARGV 1 key prefix   2 JSON {app, taken: the score when we began, again or -1}
-- Returns 1, or 0 when somebody asked for another look meanwhile: that stands.
local job = cjson.decode(ARGV[2])
local kept = redis.call('ZSCORE', KEYS[1], job.app)
if not kept or text(tonumber(kept)) ~= text(job.taken) then return 0 end
if job.again < 0 then redis.call('ZREM', KEYS[1], job.app) else redis.call('ZADD', KEYS[1], text(job.again), job.app) end
return 1
