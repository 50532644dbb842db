-- change: new truths of several schedules and calendars, all or none.
-- KEYS 1 schedules   2 calendars   3 due   4 planned   5 changes   6 clock
-- ARGV 1 JSON {expected {name: revision or ''}, put [[name, text]], calendars text or null, calendars_expected
--        revision or '', notes [[name, what, detail]]}
-- Returns {1, now}, or {0, name} of the first schedule (or 'calendars') that is not as expected.
-- Sent twice (its first answer lost), {1, now} again. What changes is due for planning at once; what is new is planned from now on.
local job = cjson.decode(ARGV[1])
local first = job.put[1]
if first and redis.call('HGET', KEYS[1], first[1]) == first[2] then return {1, text(now(KEYS[6]))} end
if job.calendars ~= cjson.null and redis.call('GET', KEYS[2]) == job.calendars then return {1, text(now(KEYS[6]))} end
for name, revision in pairs(job.expected) do
  local stored = redis.call('HGET', KEYS[1], name) or ''
  if string.sub(stored, 1, 16) ~= revision then return {0, name} end
end
local at = now(KEYS[6])
if job.calendars ~= cjson.null then
  if string.sub(redis.call('GET', KEYS[2]) or '', 1, 16) ~= job.calendars_expected then return {0, 'calendars'} end
  redis.call('SET', KEYS[2], job.calendars)
end
for _, entry in ipairs(job.put) do
  redis.call('HSET', KEYS[1], entry[1], entry[2])
  redis.call('ZADD', KEYS[3], text(at), entry[1])
  redis.call('ZADD', KEYS[4], 'NX', text(at), entry[1])
end
for _, note in ipairs(job.notes) do
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', 20000, '*', 'schedule', note[1], 'what', note[2], 'detail', note[3],
    'at', text(at))
end
return {1, text(at)}
