-- PRELUDE. The app's request rate, as slots (1 + J)/QPS apart (architecture: the budget).
--   take_slot(prefix, app, want, now, returns) -> at | nil, retry_at
-- want: qps, spread (J), rank (0 the most urgent), ahead (how far in the future a slot may be given out, at most 1 s).
-- returns: whether a refused caller will come back. The k-th refused of a rank is told to come back when slot k is
-- free, so that nobody stampedes; meanwhile less urgent ones stand back, for a second after the last sign of such a
-- caller at most, since he may have died.
-- A start is an appointment: confirmations and below leave it the slots that it is about to need, else a row of
-- starts before a bell would slip by one slot for each of them. Only of the same app: others have slots of their own.
local BELOW_START, OVERDUE = 3, 5 -- a start overdue for longer is kept by something else than the rate
local FARTHEST = 1 -- a slot further ahead was given out before the clock stepped back

local function take_slot(prefix, app, want, now, returns)
  if want.qps <= 0 then return now end
  local key, spacing = prefix .. 'budget:' .. app, (1 + want.spread) / want.qps
  local given = tonumber(redis.call('HGET', key, 'next') or 0)
  if given > now + FARTHEST + spacing then
    given = now + FARTHEST + spacing
    redis.call('HSET', key, 'next', text(given))
  end
  local slot = math.max(now, given)
  local behind, urgent = slot, false
  for rank = 0, want.rank do
    local queue = redis.call('HMGET', key, 'tail:' .. rank, 'wait:' .. rank)
    behind = math.max(behind, tonumber(queue[1] or 0))
    urgent = urgent or (rank < want.rank and tonumber(queue[2] or 0) > now)
  end
  local full = tonumber(redis.call('GET', prefix .. 'room:' .. app) or 0) > now -- then starts take no slots
  if want.rank >= BELOW_START and not urgent and not full then
    urgent = start_comes(prefix, app, now - OVERDUE, slot + 2 * spacing)
  end
  behind = math.min(behind, now + 600)
  local tail, wait = 'tail:' .. want.rank, 'wait:' .. want.rank
  if slot - now <= want.ahead and not urgent then
    redis.call('HSET', key, 'next', text(slot + spacing))
    redis.call('HINCRBY', key, 'granted', 1)
    local last = tonumber(redis.call('HGET', key, tail) or 0)
    if last > slot + 1.5 * spacing then
      redis.call('HSET', key, wait, text(math.min(now + 1, last)))
    elseif last > 0 then
      redis.call('HDEL', key, tail, wait)
    end
    return slot
  end
  redis.call('HINCRBY', key, 'refused', 1)
  if returns then
    redis.call('HSET', key, tail, text(behind + spacing), wait, text(math.min(now + 1, behind + spacing)))
  end
  return nil, math.max(now + (urgent and spacing or 0.01), behind - want.ahead / 2)
end
