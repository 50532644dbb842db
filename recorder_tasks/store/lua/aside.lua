-- aside: a session that cannot be read: put away so that it blocks nobody, and told once.
-- KEYS 1 lease   2 session   3 clock
-- ARGV 1 key prefix   2 JSON {id, token, why, reader, newer (bool)}
--      `token` '': nobody has claimed it, it is only told
--      `newer`: it has words of a newer version. Workers of this `reader` leave this revision of it to others, who find
--      it due at once; any other unreadable one rests like poison.
-- Returns 1 when it was not known before, else 0; -1 when the token is not the lease's any more.
local DAY = 86400
local prefix, ask = ARGV[1], cjson.decode(ARGV[2])
local now = clock(KEYS[3], prefix)
if ask.token ~= '' then
  local lease = redis.call('HMGET', KEYS[1], 'token', 'lane')
  if lease[1] ~= ask.token then return -1 end
  if ask.newer then
    redis.call('HSET', prefix .. 'blind:' .. ask.reader, ask.id, redis.call('GETRANGE', KEYS[2], 0, 15))
    redis.call('EXPIRE', prefix .. 'blind:' .. ask.reader, DAY)
    give_back(prefix, ask.id)
    put_due(prefix, lease[2], ask.id, now)
  else
    rest(prefix, ask.id, lease[2], now)
  end
end
return blame(prefix, ask.id, ask.newer and 'newer' or 'unreadable', ask.why, now) and 1 or 0
