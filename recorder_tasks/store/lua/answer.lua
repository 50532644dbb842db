-- answer: what was answered to a request that may come again, and who is at work on it.
-- KEYS 1 answer:<caller>:<key>
-- ARGV 1 key prefix   2 JSON {what, claim, answer, keep (seconds)}
--        what: claim, to be the one who does it; keep, to put the answer in the claim's place;
--        release, to let another try do it; the latter two only while the claim stands
-- Returns what stands there instead of the claim, or '' where it is (or was) the caller's own.
local job = cjson.decode(ARGV[2])
local stands = redis.call('GET', KEYS[1])
if job.what == 'claim' and not stands then
  redis.call('SET', KEYS[1], job.claim, 'EX', job.keep)
  return ''
end
if stands ~= job.claim then
  return stands or ''
end
if job.what == 'keep' then
  redis.call('SET', KEYS[1], job.answer, 'EX', job.keep)
elseif job.what == 'release' then
  redis.call('DEL', KEYS[1])
end
return ''
