-- PRELUDE. The indexes by start that a session stands in, and the names by which people look for it.
--   enter(prefix, id, start, [[index, [name]]])
--   leave(prefix, id, [[index, [name]]])          a name of an index goes with its last session
--   call(prefix, [name])                          names that mean one session alone
local function call(prefix, names)
  for _, name in ipairs(names) do redis.call('ZADD', prefix .. 'names', 0, name) end
end

local function enter(prefix, id, start, indexes)
  for _, each in ipairs(indexes) do
    redis.call('ZADD', prefix .. 'index:' .. each[1], start, id)
    call(prefix, each[2])
  end
end

local function leave(prefix, id, indexes)
  for _, each in ipairs(indexes) do
    local index = prefix .. 'index:' .. each[1]
    redis.call('ZREM', index, id)
    if redis.call('EXISTS', index) == 0 then
      for _, name in ipairs(each[2]) do redis.call('ZREM', prefix .. 'names', name) end
    end
  end
end
