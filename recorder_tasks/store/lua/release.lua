-- release: put a claimed session back, due in one lane at an instant; the claim does not count.
-- KEYS 1 lease
-- ARGV 1 key prefix   2 JSON {id, token, lane, at}
-- Returns 1, or 0 when the token is not the lease's any more.
local job = cjson.decode(ARGV[2])
if redis.call('HGET', KEYS[1], 'token') ~= job.token then return 0 end
give_back(ARGV[1], job.id)
put_due(ARGV[1], job.lane, job.id, job.at)
return 1
