-- planned: every occurrence that begins before an instant has its session; plan again at another.
-- KEYS 1 schedules   2 due   3 planned
-- ARGV 1 JSON {name, revision, until, again}    again: -1 for a schedule that is gone, which leaves no trace
-- Returns 1, or 0 when the schedule has moved meanwhile: then it stays due.
local job = cjson.decode(ARGV[1])
if string.sub(redis.call('HGET', KEYS[1], job.name) or '', 1, 16) ~= job.revision then return 0 end
if job.again < 0 then
  redis.call('HDEL', KEYS[1], job.name)
  redis.call('ZREM', KEYS[2], job.name)
  redis.call('ZREM', KEYS[3], job.name)
else
  redis.call('ZADD', KEYS[3], 'GT', text(job['until']), job.name)
  redis.call('ZADD', KEYS[2], text(job.again), job.name)
end
return 1
