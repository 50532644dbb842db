-- note: tell the fleet, or also a session's audit, of something outside of a save.
-- KEYS 1 clock
-- ARGV 1 key prefix   2 JSON {id or '', event [type, data]}
-- Returns the instant.
local job = cjson.decode(ARGV[2])
local now = clock(KEYS[1], ARGV[1])
tell(ARGV[1], job.id, job.event, now, job.id ~= '')
return text(now)
