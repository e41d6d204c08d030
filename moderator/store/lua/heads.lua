#!lua flags=no-writes
-- The earliest due comments of one queue set of a lane that nobody holds, by the server's clock.
--
-- KEYS[1] a queue set: id → due ms · [2] leases: id → ms at which the lease ends
-- ARGV[1] how many at most
--
-- Returns id, due, id, due …
-- Held comments are passed over in steps; a lane holds as many as people work on, a few.

local limit = tonumber(ARGV[1])
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('ZCOUNT', KEYS[2], '(' .. string.format('%.0f', now_ms), '+inf') == 0 then
    return redis.call('ZRANGE', KEYS[1], 0, limit - 1, 'WITHSCORES')
end

local found, rank = {}, 0
while #found < 2 * limit do
    local heads = redis.call('ZRANGE', KEYS[1], rank, rank + limit - 1, 'WITHSCORES')
    for i = 1, #heads, 2 do
        local ends_ms = tonumber(redis.call('ZSCORE', KEYS[2], heads[i]) or 0)
        if ends_ms <= now_ms and #found < 2 * limit then
            found[#found + 1] = heads[i]
            found[#found + 1] = heads[i + 1]
        end
    end
    if #heads < 2 * limit then
        break
    end
    rank = rank + limit
end
return found
