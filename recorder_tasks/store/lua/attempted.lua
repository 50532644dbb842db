-- attempted: what became of one attempt to deliver.
-- KEYS 1 webhook:<name>   2 webhook:<name>:due   3 webhook:<name>:dead   4 delivery:<id>   5 clock
-- ARGV 1 key prefix   2 JSON {id, token, result (sent, again or dead), after (seconds), error, most (dead letters),
--        hurry {failing (seconds), most}, told [type, data]}
--      `hurry`: once a receiver that was failing for so long answers again, what waits for it is due at once, so many with
--      each that it receives
--      `told`: with the first dead letter since it last received anything
-- Returns {1, dead letters that fell out}, or {0} of an attempt that came too late: the delivery is somebody else's, or
-- gone. That it was received counts, whoever says so.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local token = redis.call('HGET', KEYS[4], 'token')
if redis.call('EXISTS', KEYS[4]) == 0 or (token ~= job.token and job.result ~= 'sent') then return {0} end
local now = clock(KEYS[5], prefix)
if job.result == 'sent' then
  redis.call('DEL', KEYS[4])
  redis.call('ZREM', KEYS[2], job.id)
  redis.call('ZREM', KEYS[3], job.id)
  local failing = tonumber(redis.call('HGET', KEYS[1], 'failing_since') or now)
  if now - failing >= job.hurry.failing then redis.call('HSET', KEYS[1], 'hurry', 1) end
  if redis.call('HEXISTS', KEYS[1], 'hurry') == 1 then
    local ids = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. text(now), '+inf', 'LIMIT', 0, job.hurry.most)
    for _, id in ipairs(ids) do
      if not redis.call('HGET', prefix .. 'delivery:' .. id, 'token') then redis.call('ZADD', KEYS[2], text(now), id) end
    end
    if #ids < job.hurry.most then redis.call('HDEL', KEYS[1], 'hurry') end
  end
  redis.call('HINCRBY', KEYS[1], 'sent', 1)
  redis.call('HSET', KEYS[1], 'ok_at', text(now))
  redis.call('HDEL', KEYS[1], 'failing_since', 'told')
  return {1, 0}
end
redis.call('HINCRBY', KEYS[1], 'failed', 1)
redis.call('HSET', KEYS[1], 'error', job.error, 'error_at', text(now))
redis.call('HSETNX', KEYS[1], 'failing_since', text(now))
redis.call('HSET', KEYS[4], 'error', job.error)
redis.call('HDEL', KEYS[4], 'token')
if job.result == 'again' then
  redis.call('ZADD', KEYS[2], text(now + job.after), job.id)
  return {1, 0}
end
redis.call('ZREM', KEYS[2], job.id)
redis.call('ZADD', KEYS[3], text(now), job.id)
redis.call('HINCRBY', KEYS[1], 'died', 1)
if redis.call('HSETNX', KEYS[1], 'told', 1) == 1 then tell(prefix, '', job.told, now, false) end
local fell = redis.call('ZRANGE', KEYS[3], 0, -1 - job.most)
for _, id in ipairs(fell) do redis.call('DEL', prefix .. 'delivery:' .. id) end
if #fell > 0 then redis.call('ZREM', KEYS[3], unpack(fell)) end
redis.call('HINCRBY', KEYS[1], 'fell', #fell)
return {1, #fell}
