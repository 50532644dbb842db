-- save: the next value of a session, with everything that follows from it, or nothing (compare-and-set).
-- KEYS 1 session   2 lease   3 clock
-- ARGV 1 key prefix   2 JSON {id, expected, revision, body, state, start, final_at or null, dues {lane: at},
--        labels, events [[type, data]], live [[key, body]], over [key], token or '', keep (bool)}
-- Returns {1} or {0, stored or ''} when the revision has moved. Dues are written as given unless somebody else holds
-- the lease: then only the stop lane is (if the holder is not a stop), the others wait for the lease's end.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local stored = redis.call('GET', KEYS[1])
if not stored then return {0, ''} end
local revision, state = string.match(stored, '^(%x+) (%a+)\n')
if revision ~= job.expected then return {0, stored} end
local now = clock(KEYS[3])
redis.call('SET', KEYS[1], job.revision .. ' ' .. job.state .. '\n' .. job.body)
if state ~= job.state then
  redis.call('ZREM', prefix .. 'index:state:' .. state, job.id)
  redis.call('ZADD', prefix .. 'index:state:' .. job.state, job.start, job.id)
end
if job.final_at ~= cjson.null then redis.call('ZADD', prefix .. 'index:final', job.final_at, job.id) end
for _, event in ipairs(job.events) do tell(prefix, job.id, event, now, job.state ~= 'scheduled') end
note_takes(prefix, job.live, job.over)
local lease = redis.call('HMGET', KEYS[2], 'token', 'lane', 'until')
local ours = job.token ~= '' and lease[1] == job.token
if ours and job.keep then return {1} end
local holder = not ours and held(lease, now) and lease[2]
if not holder then redis.call('DEL', KEYS[2]) end
for _, lane in ipairs(LANES) do
  local at = job.dues[lane]
  if not holder or (lane == 'stop' and holder ~= 'stop') then
    if at then put_due(prefix, lane, job.id, at) else redis.call('ZREM', prefix .. 'due:' .. lane, job.id) end
  elseif at then
    put_due(prefix, lane, job.id, math.max(at, tonumber(lease[3])))
  end
end
return {1}
