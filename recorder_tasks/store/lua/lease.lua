-- PRELUDE. The one lease of a session.
--   held(lease, now)                  whether {token, lane, until} is still good
--   push(prefix, id, lane, at)        every score of the session to `at`; the stop lane's only for a claim of it
local LONGEST = 900
local function held(lease, now)
  local ends = tonumber(lease[3] or 0)
  return lease[1] and lease[1] ~= '' and ends > now and ends < now + LONGEST
end

local function push(prefix, id, claimed, at)
  for _, lane in ipairs(LANES) do
    if lane ~= 'stop' or claimed == 'stop' then
      redis.call('ZADD', prefix .. 'due:' .. lane, 'XX', string.format('%.6f', at), id)
    end
  end
end
