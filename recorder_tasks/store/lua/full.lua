-- full: the vendor said that the app is at its cap; nobody asks again for a while, and this session waits.
-- KEYS 1 session   2 clock
-- ARGV 1 key prefix   2 JSON {app, id, seconds}
-- Returns the instant from which one may ask again, '' when the session is gone.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local stored = redis.call('GET', KEYS[1])
if not stored then return '' end
local till = clock(KEYS[2], prefix) + job.seconds
full(prefix, job.app, job.id, stored, till)
return text(till)
