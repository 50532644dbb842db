-- claim: lease what is due to one dispatcher, the most urgent lanes first.
-- KEYS 1 clock
-- ARGV 1 key prefix   2 JSON {lanes [[lane, later]], free, lease, poison_after, seed, reader}
--      `later`: seconds that an entry must have been due (for stops that their own worker leaves lying)
-- The keys of the sessions found are made from the prefix: session:*, lease:*.
-- Returns {now, next due or '' (now: look again at once), [id, lane, token, claims, due, ...], [poisoned id, ...],
--      [id of those that were not known to be poison], [id without a session, which left its lanes]}.
-- A leased session is passed over, save that stop takes the lease over from any other step, and is counted anew.
-- One claimed too often without a save is poison: it is reported and rests, and is then tried once more; a stop is
-- never given up (P2). What workers of this `reader` could not read as it stands is passed over, and stays due.
local PASSES = 16 -- over a lane's ripe entries: nothing may keep the server in this script
local prefix, ask = ARGV[1], cjson.decode(ARGV[2])
local now = clock(KEYS[1], prefix)
pull_in(KEYS[1], prefix, now)
local claims, poisoned, news, lost, taken, left, upcoming = {}, {}, {}, {}, 0, 0, nil

local function take(id, lane, since)
  local key = prefix .. 'lease:' .. id
  local lease = redis.call('HMGET', key, 'lane', 'until', 'claims', 'rested', 'rests')
  local over = lane == 'stop' and lease[1] ~= 'stop'
  local count, rests = tonumber(not over and lease[3] or 0), tonumber(not over and lease[5] or 0)
  if redis.call('EXISTS', prefix .. 'session:' .. id) == 0 then
    lose(prefix, id, now)
    lost[#lost + 1] = id
  elseif blind(prefix, ask.reader, id) then
    left = left + 1
  elseif not over and tonumber(lease[2] or 0) > now then
    redis.call('ZADD', prefix .. 'due:' .. lane, lease[2], id)
  elseif count >= ask.poison_after and lease[4] ~= '1' then
    rest(prefix, id, lane, now)
    poisoned[#poisoned + 1] = id
    if blame(prefix, id, 'stuck', 'claimed again and again without a save', now) then news[#news + 1] = id end
  else
    taken = taken + 1
    local token = ask.seed .. '-' .. taken
    redis.call('HSET', key, 'token', token, 'lane', lane, 'claims', count + 1, 'rested', 0, 'rests', rests)
    hold(prefix, id, lane, now + ask.lease)
    for _, part in ipairs({id, lane, token, count + 1, since}) do claims[#claims + 1] = part end
  end
end

for _, entry in ipairs(ask.lanes) do
  local key, ripe, passed = prefix .. 'due:' .. entry[1], text(now - entry[2]), 0
  left = 0
  while taken < ask.free and passed < PASSES do
    local ids = redis.call('ZRANGEBYSCORE', key, '-inf', ripe, 'WITHSCORES', 'LIMIT', left, ask.free - taken)
    if #ids == 0 then break end
    for at = 1, #ids, 2 do take(ids[at], entry[1], ids[at + 1]) end
    passed = passed + 1
  end
  if passed == PASSES then upcoming = now end
  local first = redis.call('ZRANGEBYSCORE', key, '(' .. ripe, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] then upcoming = math.min(upcoming or math.huge, tonumber(first[2]) + entry[2]) end
end
return {text(now), upcoming and text(upcoming) or '', claims, poisoned, news, lost}
