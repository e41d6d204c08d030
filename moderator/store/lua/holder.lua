#!lua flags=no-writes
-- Who has a comment in review now, by the server's clock.
--
-- KEYS[1] leases: id → ms at which the lease ends · [2] holders: id → "token|who"
-- ARGV[1] comment id
--
-- Returns {the ms at which the lease ends, "token|who"}, or nothing.

local time = redis.call('TIME')
local ends_ms = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
if ends_ms <= time[1] * 1000 + math.floor(time[2] / 1000) then
    return false
end
return {ends_ms, redis.call('HGET', KEYS[2], ARGV[1])}
