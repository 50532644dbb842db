-- retire: take one finished session out of every index, with its events.
-- KEYS 1 session   2 lease
-- ARGV 1 key prefix   2 JSON {id, labels [k=v]}
-- Returns 1, or 0 when it was gone already.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local stored = redis.call('GET', KEYS[1])
redis.call('ZREM', prefix .. 'index:final', job.id)
for _, lane in ipairs(LANES) do redis.call('ZREM', prefix .. 'due:' .. lane, job.id) end
for _, label in ipairs(job.labels) do redis.call('ZREM', prefix .. 'index:label:' .. label, job.id) end
if not stored then return 0 end
local _, state = string.match(stored, '^(%x+) (%a+)\n')
redis.call('ZREM', prefix .. 'index:state:' .. state, job.id)
redis.call('DEL', KEYS[1], KEYS[2], prefix .. 'events:' .. job.id)
return 1
