-- courier: lease the deliveries that are due to one courier, no more of a subscription than it has hands for.
-- KEYS 1 clock
-- ARGV 1 key prefix   2 JSON {names [[name, free, lease (seconds)]], free (in all), seed}
-- The keys of the deliveries and of their sets are made from the prefix.
-- Returns {now, when the next one is due or '', [id, name, token, ...]}.
local prefix, ask = ARGV[1], cjson.decode(ARGV[2])
local now = clock(KEYS[1], prefix)
local taken, left, upcoming = {}, ask.free, nil
for _, entry in ipairs(ask.names) do
  local key, free = prefix .. 'webhook:' .. entry[1] .. ':due', math.min(entry[2], left)
  local ids = free > 0 and redis.call('ZRANGEBYSCORE', key, '-inf', text(now), 'LIMIT', 0, free) or {}
  for _, id in ipairs(ids) do
    local delivery = prefix .. 'delivery:' .. id
    if redis.call('EXISTS', delivery) == 0 then
      redis.call('ZREM', key, id)
    else
      local token = ask.seed .. '-' .. #taken
      redis.call('HINCRBY', delivery, 'attempts', 1)
      redis.call('HSET', delivery, 'token', token)
      redis.call('ZADD', key, text(now + entry[3]), id)
      for _, part in ipairs({id, entry[1], token}) do taken[#taken + 1] = part end
      left = left - 1
    end
  end
  local first = redis.call('ZRANGEBYSCORE', key, '(' .. text(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] then upcoming = math.min(upcoming or math.huge, tonumber(first[2])) end
end
return {text(now), upcoming and text(upcoming) or '', taken}
