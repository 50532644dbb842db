-- take: names whose time has come, each kept from others until a lease ends; one that dies leaves them due again.
-- KEYS 1 due   2 clock
-- ARGV 1 JSON {most, lease, overdue}    overdue: only those due for so many seconds
-- Returns {now, the next time or '', [name]}.
local job = cjson.decode(ARGV[1])
local at = now(KEYS[2])
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(at - job.overdue), 'LIMIT', 0, job.most)
for _, name in ipairs(names) do redis.call('ZADD', KEYS[1], text(at + job.lease), name) end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {text(at), first[2] and text(tonumber(first[2]) + job.overdue) or '', names}
