#!lua flags=allow-oom
-- Takes one comment for review: taking it and recording who holds it is one step.
--
-- KEYS[1] queue: id → due ms · [2] leases: id → ms at which the lease ends · [3] holders: id → "token|who"
-- ARGV[1] comment id · [2] token · [3] who · [4] lease in ms
--
-- Returns the ms at which the lease ends, or nothing: not in the queue, or somebody else's.
-- An expired lease is free, so nothing has to collect them. The same token again gets the lease that it has.

local id, token = ARGV[1], ARGV[2]
if not redis.call('ZSCORE', KEYS[1], id) then
    return false
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local ends_ms = tonumber(redis.call('ZSCORE', KEYS[2], id) or 0)
if ends_ms > now_ms then
    local holder = string.match(redis.call('HGET', KEYS[3], id) or '', '^([^|]*)|')
    return holder == token and ends_ms
end
ends_ms = now_ms + ARGV[4]
redis.call('ZADD', KEYS[2], ends_ms, id)
redis.call('HSET', KEYS[3], id, token .. '|' .. ARGV[3])
return ends_ms
