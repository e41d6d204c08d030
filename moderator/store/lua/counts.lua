#!lua flags=no-writes
-- How many members each of several sorted sets of one lane has, and the lowest score in the first.
--
-- KEYS[i] a sorted set
--
-- Returns the lowest score of the first set ("" when it is empty), then one number a set.

local found = {redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or ''}
for i, key in ipairs(KEYS) do
    found[i + 1] = redis.call('ZCARD', key)
end
return found
