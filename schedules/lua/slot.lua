-- slot: one beat of many takes an entry's slot: the first that saw its last run wins.
-- KEYS 1 beat
-- ARGV 1 JSON {entry, seen: the last run that the caller knows or ''}
-- Returns {1, now} to the winner, {0, the last run} to everybody else.
-- By TIME, whatever clock the namespace has: Celery compares it with its hosts' clocks.
local job = cjson.decode(ARGV[1])
local last = redis.call('HGET', KEYS[1], job.entry) or ''
if last ~= job.seen then return {0, last} end
local t = redis.call('TIME')
local at = string.format('%s.%06d', t[1], tonumber(t[2]))
redis.call('HSET', KEYS[1], job.entry, at)
return {1, at}
