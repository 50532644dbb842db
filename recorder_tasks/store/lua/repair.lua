-- repair: put a session back into lanes that it should stand in and does not; a stop is also made due earlier.
-- KEYS 1 session   2 lease   3 clock
-- ARGV 1 key prefix   2 JSON {id, revision that was looked at, dues {lane: at}, late}
--      `late`: seconds by which a stop may be due too late before that is an error
-- Returns the lanes repaired: none while it is leased or rests, or when it has moved.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local now, fixed = clock(KEYS[3], prefix), {}
if redis.call('GETRANGE', KEYS[1], 0, 15) ~= job.revision then return fixed end
if tonumber(redis.call('HGET', KEYS[2], 'until') or 0) > now then return fixed end
for _, lane in ipairs(LANES) do
  local at, kept = job.dues[lane], redis.call('ZSCORE', prefix .. 'due:' .. lane, job.id)
  local late = at and kept and lane == 'stop' and tonumber(kept) > math.max(at, now) + job.late
  if at and (not kept or late) then
    put_due(prefix, lane, job.id, at)
    fixed[#fixed + 1] = lane
  end
end
return fixed
