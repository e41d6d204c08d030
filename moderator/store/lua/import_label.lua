#!lua
-- Stores a label that came from outside, unless this id teaches something already.
--
-- KEYS[1] the label · [2] imported: label id → ms · [3] labels: comment id → ms
-- ARGV[1] label id · [2] ms · [3] the value
--
-- Returns 1: stored. 0: there is an imported label with this id, or a comment with it has a verdict: an export that
-- is imported where it came from adds nothing, and a retry does not either.

if redis.call('EXISTS', KEYS[1]) == 1 or redis.call('ZSCORE', KEYS[3], ARGV[1]) then
    return 0
end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
return 1
