-- PRELUDE. An app at its cap of concurrent recordings: who waits for room, and who asks for it next.
--   full(prefix, app, id, stored, till)      nobody asks the vendor before `till`; the session waits
--   no_room(prefix, app, id, stored, now)    whether the session shall wait instead of asking; then it waits
--   poke(prefix, app, now)                   there may be room: the first that waits is due now
-- First is who lost its recorder, then the higher priority, then the earlier start; last is who has one and wants a
-- second beside it. What cannot be read has no rank and
-- does not wait: its turn finds out what is wrong with it.
local function ranked(stored)
  local session, lines = cjson.decode(string.match(stored, '\n(.*)$')), {}
  for _, take in ipairs(session.takes or {}) do lines[(take.line or 0) + 1] = true end
  local first = lines[1] and ((session.redundancy or 1) > #lines and -1e14 or 1e14) or 0
  return session.start - (session.priority or 0) * 1e11 - first
end

local function rank_of(stored)
  local read, rank = pcall(ranked, stored)
  if read and rank == rank then return rank end
end

-- One that is leased or rests asks by itself when that ends, and waits again if there is no room then; `except`, the
-- caller's own, is leased to the caller.
local LONGEST = 60 -- seconds that nobody asks; a later instant was set before the clock stepped back

local function first_waiting(prefix, app, now, except)
  while true do
    local id = redis.call('ZRANGE', prefix .. 'waiting:' .. app, 0, 0)[1]
    if not id or id == except then return id end
    local lease = tonumber(redis.call('HGET', prefix .. 'lease:' .. id, 'until') or 0)
    if lease <= now and redis.call('ZSCORE', prefix .. 'due:start', id) then return id end
    redis.call('ZREM', prefix .. 'waiting:' .. app, id)
  end
end

local function poke(prefix, app, now, except)
  redis.call('DEL', prefix .. 'room:' .. app)
  local id = first_waiting(prefix, app, now, except)
  if id and id ~= except then put_due(prefix, 'start', id, now) end
end

local function full(prefix, app, id, stored, till)
  redis.call('SET', prefix .. 'room:' .. app, text(till))
  local rank = rank_of(stored)
  if rank then redis.call('ZADD', prefix .. 'waiting:' .. app, rank, id) end
end

local function no_room(prefix, app, id, stored, now)
  local till = tonumber(redis.call('GET', prefix .. 'room:' .. app) or 0)
  if till > now + LONGEST then till = 0 end
  local first = first_waiting(prefix, app, now, id)
  local rank = rank_of(stored)
  if (till <= now and not first) or not rank then return false end
  local better = first and first ~= id and tonumber(redis.call('ZSCORE', prefix .. 'waiting:' .. app, first)) < rank
  if till > now or better then
    if till <= now then poke(prefix, app, now, id) end
    redis.call('ZADD', prefix .. 'waiting:' .. app, rank, id)
    return true
  end
  redis.call('ZREM', prefix .. 'waiting:' .. app, id)
  return false
end
