-- time: the namespace's time.
-- KEYS 1 clock
-- ARGV 1 JSON {}
-- Returns it.
return text(now(KEYS[1]))
