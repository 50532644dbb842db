-- orphans: the recorders without a name, without those that a net has surely ended by now.
-- KEYS 1 orphans   2 orphan   3 birth
-- ARGV 1 key prefix   2 JSON {now, back [[name, until, body]]}   back: listed again, unless it is listed already
-- Returns {name of the namespace or '', {name, body or '', ...}}: a body is missing where an older version wrote.
local job = cjson.decode(ARGV[2])
for _, entry in ipairs(job.back) do
  if redis.call('ZADD', KEYS[1], 'NX', entry[2], entry[1]) == 1 then
    redis.call('HSET', KEYS[2], entry[1], entry[3])
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(job.now))
local listed = {}
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  listed[#listed + 1] = name
  listed[#listed + 1] = redis.call('HGET', KEYS[2], name) or ''
end
if redis.call('HLEN', KEYS[2]) > #listed / 2 then
  for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
    if not redis.call('ZSCORE', KEYS[1], name) then redis.call('HDEL', KEYS[2], name) end
  end
end
return {redis.call('HGET', KEYS[3], 'name') or '', listed}
