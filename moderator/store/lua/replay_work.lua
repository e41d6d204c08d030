#!lua flags=allow-oom
-- Makes a dead letter due at once, with all its tries before it.
--
-- KEYS[1] waiting · [2] tries · [3] dead
-- ARGV[1] item
--
-- Returns 1, or 0: it is no dead letter. Sent again: 0, and the item waits.

if redis.call('ZREM', KEYS[3], ARGV[1]) == 0 then
    return 0
end
local time = redis.call('TIME')
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
return 1
