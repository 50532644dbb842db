-- PRELUDE. The app's request rate, as slots (1 + J)/QPS apart (architecture: the budget).
--   take_slot(prefix, app, want, now) -> at | nil, retry_at
-- want: qps, spread (J), rank (0 the most urgent), ahead (how far in the future a slot may be given out).
-- Refused when the next slot is further ahead, or a more urgent caller is waiting. The k-th refused caller of a
-- rank is told to come back when slot k is free, so that nobody stampedes; meanwhile less urgent ones stand back.
local function take_slot(prefix, app, want, now)
  if want.qps <= 0 then return now end
  local key, spacing = prefix .. 'budget:' .. app, (1 + want.spread) / want.qps
  local next_slot = tonumber(redis.call('HGET', key, 'next') or 0)
  if next_slot > now + 5 then next_slot = now end
  local slot, after = math.max(now, next_slot), nil
  for rank = 0, want.rank - 1 do
    local tail = tonumber(redis.call('HGET', key, 'tail:' .. rank) or 0)
    if tail > now and tail < now + 600 then after = math.max(after or 0, tail) end
  end
  if not after and slot - now <= want.ahead then
    redis.call('HSET', key, 'next', string.format('%.6f', slot + spacing))
    redis.call('HINCRBY', key, 'granted', 1)
    return slot
  end
  local own = tonumber(redis.call('HGET', key, 'tail:' .. want.rank) or 0)
  if own > now + 600 then own = now end
  local turn = math.max(own, slot, after or 0) + spacing
  redis.call('HSET', key, 'tail:' .. want.rank, string.format('%.6f', turn))
  redis.call('HINCRBY', key, 'refused', 1)
  return nil, math.max(now, turn - spacing - want.ahead / 2)
end
