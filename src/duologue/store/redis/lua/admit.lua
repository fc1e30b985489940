-- A rate limit over all processes: GCRA, as `safety/ratelimit.py` explains.
--
-- KEYS[1]: when this bucket will be full again. ARGV: interval_ms, burst.
-- Returns 0 (counted), or after how many milliseconds it may be tried again (not counted).
-- No bucket is fuller than full: what somebody else wrote keeps nobody out for longer than the rate does.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) or 0, now)
local full = math.min(kept, now + burst * interval) + interval
local wait = full - now - burst * interval
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.max(1, full - now))
return 0
