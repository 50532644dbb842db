-- full: the vendor said that the app is at its cap; nobody asks again for a while, and this session waits.
-- KEYS 1 clock
-- ARGV 1 key prefix   2 JSON {app, id, rank, seconds}
-- Returns the instant from which one may ask again.
local job = cjson.decode(ARGV[2])
local till = clock(KEYS[1], ARGV[1]) + job.seconds
full(ARGV[1], job.app, job.id, job.rank, till)
return text(till)
