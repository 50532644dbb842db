-- slot: one more request of the app's budget, for an attempt that begin did not pay for.
-- KEYS 1 clock
-- ARGV 1 key prefix   2 JSON {app, slots {qps, spread, rank, ahead}}
-- Returns the slot's instant, or '' when there is none in time.
local ask = cjson.decode(ARGV[2])
local at = take_slot(ARGV[1], ask.app, ask.slots, (clock(KEYS[1])))
return at and string.format('%.6f', at) or ''
