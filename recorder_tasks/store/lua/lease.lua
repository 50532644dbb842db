-- PRELUDE. The one lease of a session: a hash, and its end in the zset `leases` so that all ends can be moved.
--   push(prefix, id, claimed, at)     every score of the session to `at`; the stop lane's only for a claim of it
--   hold(prefix, id, lane, till)      the lease, and with it the scores, last until `till`
--   give_back(prefix, id)             the lease ends and its claim does not count; what is tried next is not poison
--   drop(prefix, id)                  the lease ends and the claims are forgiven
--   pull_in(key, prefix, now)         after a step back of the clock: leases end as much earlier
local function push(prefix, id, claimed, at)
  for _, lane in ipairs(LANES) do
    if lane ~= 'stop' or claimed == 'stop' then
      redis.call('ZADD', prefix .. 'due:' .. lane, 'XX', text(at), id)
    end
  end
end

local function hold(prefix, id, lane, till)
  redis.call('HSET', prefix .. 'lease:' .. id, 'until', text(till))
  redis.call('ZADD', prefix .. 'leases', text(till), id)
  push(prefix, id, lane, till)
end

local function drop(prefix, id)
  redis.call('DEL', prefix .. 'lease:' .. id)
  redis.call('ZREM', prefix .. 'leases', id)
end

local function give_back(prefix, id)
  local key = prefix .. 'lease:' .. id
  if redis.call('HINCRBY', key, 'claims', -1) <= 0 then return drop(prefix, id) end
  redis.call('HDEL', key, 'token', 'until')
  redis.call('HSET', key, 'rested', 1)
  redis.call('ZREM', prefix .. 'leases', id)
end

local function pull_in(key, prefix, now)
  local back = redis.call('HGET', key, 'back')
  if not back then return end
  redis.call('HDEL', key, 'back')
  local ends = redis.call('ZRANGEBYSCORE', prefix .. 'leases', text(now), '+inf', 'WITHSCORES')
  for at = 1, #ends, 2 do
    local id, till = ends[at], tonumber(ends[at + 1])
    local earlier = text(math.max(now, till - back))
    for _, lane in ipairs(LANES) do
      local score = redis.call('ZSCORE', prefix .. 'due:' .. lane, id)
      if score and tonumber(score) == till then redis.call('ZADD', prefix .. 'due:' .. lane, earlier, id) end
    end
    redis.call('HSET', prefix .. 'lease:' .. id, 'until', earlier)
    redis.call('ZADD', prefix .. 'leases', earlier, id)
  end
end
