-- claim: lease what is due to one dispatcher, the most urgent lanes first.
-- KEYS 1 clock
-- ARGV 1 key prefix   2 JSON {lanes [[lane, later]], free, lease, poison_after, seed}
--      `later`: seconds that an entry must have been due (for stops that their own worker leaves lying)
-- Returns {now, next due or '', [id, lane, token, claims, ...], [poisoned id, ...], stepped or ''}.
-- A leased session is passed over, save that stop takes the lease over from any other step. One claimed too often
-- without a save is poison: it backs off and is reported.
local prefix, ask = ARGV[1], cjson.decode(ARGV[2])
local now, stepped = clock(KEYS[1])
local claims, poisoned, taken, upcoming = {}, {}, 0, nil

local function take(id, lane)
  local key = prefix .. 'lease:' .. id
  local lease = redis.call('HMGET', key, 'token', 'lane', 'until', 'claims')
  if held(lease, now) and not (lane == 'stop' and lease[2] ~= 'stop') then
    redis.call('ZADD', prefix .. 'due:' .. lane, lease[3], id)
    return
  end
  if redis.call('EXISTS', prefix .. 'session:' .. id) == 0 then
    for _, other in ipairs(LANES) do redis.call('ZREM', prefix .. 'due:' .. other, id) end
    return
  end
  local count = tonumber(lease[4] or 0) + 1
  if count > ask.poison_after then
    push(prefix, id, 'stop', now + math.min(600, 30 * 2 ^ (count - ask.poison_after - 1)))
    redis.call('HSET', key, 'claims', count, 'token', '')
    poisoned[#poisoned + 1] = id
    return
  end
  taken = taken + 1
  local token, ends = ask.seed .. '-' .. taken, string.format('%.6f', now + ask.lease)
  redis.call('HSET', key, 'token', token, 'lane', lane, 'until', ends, 'claims', count)
  push(prefix, id, lane, now + ask.lease)
  for _, part in ipairs({id, lane, token, count}) do claims[#claims + 1] = part end
end

for _, entry in ipairs(ask.lanes) do
  local key, ripe = prefix .. 'due:' .. entry[1], now - entry[2]
  while taken < ask.free do
    local ids = redis.call('ZRANGEBYSCORE', key, '-inf', ripe, 'LIMIT', 0, ask.free - taken)
    if #ids == 0 then break end
    for _, id in ipairs(ids) do take(id, entry[1]) end
  end
  local first = redis.call('ZRANGEBYSCORE', key, '(' .. string.format('%.6f', ripe), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] then upcoming = math.min(upcoming or math.huge, tonumber(first[2]) + entry[2]) end
end
return {string.format('%.6f', now), upcoming and string.format('%.6f', upcoming) or '', claims, poisoned,
        stepped and tostring(stepped) or ''}
