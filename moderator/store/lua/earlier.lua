#!lua
-- Notes a comment in a list by time (an author's, an article's) and says how many came before it.
--
-- KEYS[1] comment id → ms
-- ARGV[1] comment id · [2] ms
--
-- Returns {earlier comments, ms of the first}. A comment that is there keeps its time: a retry gets the same answer.

redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1])
return {redis.call('ZRANK', KEYS[1], ARGV[1]), redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]}
