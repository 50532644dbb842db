-- PRELUDE. An app at its cap of concurrent recordings: who waits for room, and who asks for it next.
--   full(prefix, app, id, rank, till)      nobody asks the vendor before `till`; `id` waits, the lowest rank first
--   no_room(prefix, app, id, rank, now)    whether `id` shall wait instead of asking; then it waits
--   poke(prefix, app, now)                 there may be room: the first that waits is due now
local function first_waiting(prefix, app)
  while true do
    local id = redis.call('ZRANGE', prefix .. 'waiting:' .. app, 0, 0)[1]
    if not id or redis.call('ZSCORE', prefix .. 'due:start', id) then return id end
    redis.call('ZREM', prefix .. 'waiting:' .. app, id)
  end
end

local function poke(prefix, app, now)
  local id = first_waiting(prefix, app)
  if not id then return end
  redis.call('DEL', prefix .. 'room:' .. app)
  local lease = tonumber(redis.call('HGET', prefix .. 'lease:' .. id, 'until') or 0)
  if lease <= now then put_due(prefix, 'start', id, now) end
end

local function full(prefix, app, id, rank, till)
  redis.call('SET', prefix .. 'room:' .. app, text(till))
  redis.call('ZADD', prefix .. 'waiting:' .. app, rank, id)
end

local function no_room(prefix, app, id, rank, now)
  local till = tonumber(redis.call('GET', prefix .. 'room:' .. app) or 0)
  local first = first_waiting(prefix, app)
  if till <= now and first and first ~= id then
    local best = tonumber(redis.call('ZSCORE', prefix .. 'waiting:' .. app, first))
    if best < rank then
      poke(prefix, app, now)
      till = math.huge
    end
  end
  if till <= now then
    redis.call('ZREM', prefix .. 'waiting:' .. app, id)
    return false
  end
  redis.call('ZADD', prefix .. 'waiting:' .. app, rank, id)
  return true
end
