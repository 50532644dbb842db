-- letters: deliveries of one subscription are sent again, as if they were new, or dropped.
-- KEYS 1 webhook:<name>:due   2 webhook:<name>:dead   3 clock
-- ARGV 1 key prefix   2 JSON {ids, again (bool)}
-- The keys of the deliveries are made from the prefix.
-- Returns how many; one that is being tried just now is not.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local now, done = text(clock(KEYS[3], prefix)), 0
for _, id in ipairs(job.ids) do
  local delivery = prefix .. 'delivery:' .. id
  local waits = redis.call('ZSCORE', KEYS[1], id)
  local tried = waits and tonumber(waits) > tonumber(now) and redis.call('HGET', delivery, 'token')
  if redis.call('EXISTS', delivery) == 1 and not tried then
    redis.call('ZREM', KEYS[2], id)
    if job.again then
      redis.call('HSET', delivery, 'since', now, 'attempts', 0)
      redis.call('HDEL', delivery, 'token')
      redis.call('ZADD', KEYS[1], now, id)
    else
      redis.call('ZREM', KEYS[1], id)
      redis.call('DEL', delivery)
    end
    done = done + 1
  end
end
return done
