-- save: the next value of a session, with everything that follows from it, or nothing (compare-and-set).
-- KEYS 1 session   2 lease   3 clock
-- ARGV 1 key prefix   2 JSON {id, expected, revision, body, state, start, final_at or null, dues {lane: at},
--        labels, events [[type, data]], live [[key, body]], over [key], orphans [[name, until, body]], found [name],
--        token or '', keep (bool), guard {name, revision} or null, app, drop [[index, [name]]], put [[index, [name]]]
--        of a session that is planned anew, names [name]}
--        final_at: only of a settled session, which leaves every lane
-- Returns {1}, {0, stored or ''} when the revision has moved, {2} when the guard's schedule has; sent twice (its first answer lost), {1} again.
-- Dues are written as given and the lease `token` ends. While a lease lasts (kept, or somebody else's) its own lane
-- stays at its end and nothing else is due before that, save a stop, unless the holder is stopping.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local stored = redis.call('GET', KEYS[1])
if not stored then return {0, ''} end
local revision, state = string.match(stored, '^(%x+) (%a+)\n')
if revision == job.revision then return {1} end
if revision ~= job.expected then return {0, stored} end
if outdated(prefix, job.guard) then return {2} end
local now = clock(KEYS[3], prefix)
redis.call('SET', KEYS[1], job.revision .. ' ' .. job.state .. '\n' .. job.body)
if state ~= job.state then
  redis.call('ZREM', prefix .. 'index:state:' .. state, job.id)
  redis.call('ZADD', prefix .. 'index:state:' .. job.state, job.start, job.id)
end
leave(prefix, job.id, job.drop)
enter(prefix, job.id, job.start, job.put)
call(prefix, job.names)
for _, event in ipairs(job.events) do tell(prefix, job.id, event, now, job.state ~= 'scheduled') end
if #job.over > 0 then poke(prefix, job.app, now) end
note_takes(prefix, job.live, job.over)
note_orphans(prefix, job.orphans, job.found)
local lease = redis.call('HMGET', KEYS[2], 'token', 'lane', 'until')
local ours, holder = job.token ~= '' and lease[1] == job.token, nil
local till = tonumber(lease[3] or 0)
if ours then works(prefix, job.id) end
if job.final_at ~= cjson.null then
  redis.call('ZADD', prefix .. 'index:final', job.final_at, job.id)
  drop(prefix, job.id)
  forgive(prefix, job.id)
elseif ours and not job.keep then
  drop(prefix, job.id)
elseif ours or till > now then
  holder = lease[2]
end
for _, lane in ipairs(LANES) do
  local at = job.dues[lane]
  if holder == lane then
    at = till
  elseif holder and at and lane ~= 'stop' then
    at = math.max(at, till)
  end
  if at then put_due(prefix, lane, job.id, at) else redis.call('ZREM', prefix .. 'due:' .. lane, job.id) end
end
return {1}
