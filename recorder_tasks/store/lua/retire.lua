-- retire: take one settled session out of every index, with its events, unless it has moved since it was looked at.
-- KEYS 1 session   2 lease   3 session's events
-- ARGV 1 key prefix   2 JSON {id, revision or '' for one of which only index entries are left, states [state],
--        indexes [[index, [name]]], names [name]}
-- Returns 1, or 0 when it has moved.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local stored = redis.call('GET', KEYS[1]) or ''
if string.sub(stored, 1, 16) ~= job.revision then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('ZREM', prefix .. 'index:final', job.id)
redis.call('ZREM', prefix .. 'leases', job.id)
forgive(prefix, job.id)
for _, lane in ipairs(LANES) do redis.call('ZREM', prefix .. 'due:' .. lane, job.id) end
for _, state in ipairs(job.states) do redis.call('ZREM', prefix .. 'index:state:' .. state, job.id) end
leave(prefix, job.id, job.indexes)
for _, name in ipairs(job.names) do redis.call('ZREM', prefix .. 'names', name) end
return 1
