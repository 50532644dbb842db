-- notice: one of the vendor's callbacks was dealt with. It is counted, and known again if it comes twice.
-- KEYS 1 callbacks:<app>   2 notice:<app>:<name>   3 clock
-- ARGV 1 key prefix   2 JSON {came, session or '', keep (seconds, 0: it cannot be known again)}
--        came: what it was, the member that is counted; `doubled` keeps what is known of it
-- Returns 1, or 0 when it was dealt with meanwhile: it counts as doubled then.
local job = cjson.decode(ARGV[2])
local came, first = job.came, 1
if job.keep > 0 and came ~= 'doubled' then
  if not redis.call('SET', KEYS[2], job.session, 'NX', 'EX', job.keep) then
    came, first = 'doubled', 0
  end
end
redis.call('HINCRBY', KEYS[1], came, 1)
redis.call('HSET', KEYS[1], 'at', text(clock(KEYS[3], ARGV[1])))
return first
