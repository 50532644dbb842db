-- mend: entries that are there for as long as what they lead to: put back, or taken out.
-- KEYS 1 names   2 index:long
-- ARGV 1 key prefix   2 JSON {entries [[which of KEYS, member, score, the key it leads to, without the prefix]]}
-- Returns how many were put back, and how many were taken out.
local prefix, job = ARGV[1], cjson.decode(ARGV[2])
local back, out = 0, 0
for _, each in ipairs(job.entries) do
  if redis.call('EXISTS', prefix .. each[4]) == 1 then
    back = back + redis.call('ZADD', KEYS[each[1]], 'NX', each[3], each[2])
  else
    out = out + redis.call('ZREM', KEYS[each[1]], each[2])
  end
end
return {back, out}
