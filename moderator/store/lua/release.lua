#!lua flags=allow-oom
-- Gives a review back: the comment can be claimed at once.
--
-- KEYS[1] leases: id → ms at which the lease ends · [2] holders: id → "token|who"
-- ARGV[1] comment id · [2] token
--
-- Returns 1, or 0: not this token's, or expired; nothing was changed.
-- Sent again it returns 0, and the comment is free, or another's by now.

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local ends_ms = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
local token = string.match(redis.call('HGET', KEYS[2], ARGV[1]) or '', '^([^|]*)|')
if ends_ms <= now_ms or token ~= ARGV[2] then
    return 0
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
