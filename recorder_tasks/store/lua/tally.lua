-- tally: add what one process has counted since it last did so to the counts of the fleet.
-- KEYS 1 counts (hash)   2 mark: the last batch of that process
-- ARGV 1 key prefix   2 JSON {batch, keep (seconds that the mark is kept), add [[field, amount as text]]}
-- Returns 1, or 0 for a batch that was added before.
local job = cjson.decode(ARGV[2])
if tonumber(redis.call('GET', KEYS[2]) or 0) >= job.batch then return 0 end
for _, each in ipairs(job.add) do redis.call('HINCRBYFLOAT', KEYS[1], each[1], each[2]) end
redis.call('SET', KEYS[2], job.batch, 'EX', job.keep)
return 1
