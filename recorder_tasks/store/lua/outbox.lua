-- outbox: events of the fleet become deliveries of one subscription, each once however many couriers there are.
-- KEYS 1 webhooks   2 webhook:<name>   3 webhook:<name>:due   4 events   5 clock
-- ARGV 1 key prefix   2 JSON {name, tag, cursor or '', to, deliveries [[id, type, session, body]],
--        told [type, data] or null}
--      `cursor`: the event that the caller has read up to, '' of a subscription that nobody has seen yet: it begins
--      with what happens from now on, and the ids of its deliveries with `tag`
--      `told`: that events have gone before anybody turned them into deliveries, which is counted
-- The keys of the deliveries are made from the prefix.
-- Returns 1, or 0 when somebody has moved the cursor meanwhile.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local cursor = redis.call('HGET', KEYS[2], 'cursor')
if not cursor and job.cursor == '' then
  local last = redis.call('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)[1]
  redis.call('HSETNX', KEYS[1], job.name, job.tag)
  redis.call('HSET', KEYS[2], 'cursor', last and last[1] or '0-0')
  return 1
end
if cursor ~= job.cursor then return 0 end
local now = text(clock(KEYS[5], prefix))
for _, each in ipairs(job.deliveries) do
  redis.call('HSET', prefix .. 'delivery:' .. each[1], 'name', job.name, 'type', each[2], 'session', each[3],
    'body', each[4], 'at', now, 'since', now, 'attempts', 0)
  redis.call('ZADD', KEYS[3], now, each[1])
end
redis.call('HSET', KEYS[2], 'cursor', job.to)
if job.told ~= cjson.null then
  redis.call('HINCRBY', KEYS[2], 'gaps', 1)
  tell(prefix, '', job.told, tonumber(now), false)
end
return 1
