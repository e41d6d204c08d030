#!lua flags=no-writes
-- How much work of one kind is due in one lane, by the server's clock. Says "nothing" without writing anything.
--
-- KEYS[1] waiting: item → due ms, or its lease's end
--
-- Returns a number.

local time = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], '-inf', time[1] * 1000 + math.floor(time[2] / 1000))
