#!lua flags=allow-oom
-- Keeps a review for a whole lease from now.
--
-- KEYS[1] leases: id → ms at which the lease ends · [2] holders: id → "token|who"
-- ARGV[1] comment id · [2] token · [3] lease in ms
--
-- Returns {the ms at which it ends, who}, or nothing: not this token's, or expired (somebody may look at it already).
-- Sent again it counts from the second time; a lease never gets shorter.

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local ends_ms = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
local token, who = string.match(redis.call('HGET', KEYS[2], ARGV[1]) or '', '^([^|]*)|(.*)$')
if ends_ms <= now_ms or token ~= ARGV[2] then
    return false
end
ends_ms = math.max(ends_ms, now_ms + ARGV[3])
redis.call('ZADD', KEYS[1], ends_ms, ARGV[1])
return {ends_ms, who}
