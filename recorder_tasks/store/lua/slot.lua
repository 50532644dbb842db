-- slot: one more request of the app's budget, for an attempt that begin did not pay for; no queue for those.
-- KEYS 1 clock
-- ARGV 1 key prefix   2 JSON {app, slots {qps, spread, rank, ahead}}
-- Returns the slot's instant, or '' when there is none in time.
local ask = cjson.decode(ARGV[2])
local at = take_slot(ARGV[1], ask.app, ask.slots, clock(KEYS[1], ARGV[1]), false)
return at and text(at) or ''
