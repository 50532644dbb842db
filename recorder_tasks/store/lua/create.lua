-- create: store a new session with its due times, or find the one that has this id.
-- KEYS 1 session   2 clock
-- ARGV 1 key prefix   2 JSON {id, revision, body, state, start, dues {lane: at}, indexes [[index, [name]]], names [name],
--        events [[type, data]], guard {name, revision} or null}
-- Keys that depend on the session are made from the prefix: due:*, index:*, names, events.
-- Returns {1} or {0, stored}, {2} when the guard's schedule has moved; sent twice (its first answer lost), {1} again.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local head = job.revision .. ' ' .. job.state .. '\n'
local existing = redis.call('GET', KEYS[1])
if existing and string.sub(existing, 1, #head) == head then return {1} end
if existing then return {0, existing} end
if outdated(prefix, job.guard) then return {2} end
local now = clock(KEYS[2], prefix)
redis.call('SET', KEYS[1], head .. job.body)
redis.call('ZADD', prefix .. 'index:state:' .. job.state, job.start, job.id)
enter(prefix, job.id, job.start, job.indexes)
call(prefix, job.names)
for lane, at in pairs(job.dues) do put_due(prefix, lane, job.id, at) end
for _, event in ipairs(job.events) do tell(prefix, job.id, event, now, job.state ~= 'scheduled') end
return {1}
