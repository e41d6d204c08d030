#!lua flags=allow-oom
-- Gives work back after a failed try: due again later, or a dead letter when its tries are used up.
--
-- KEYS[1] waiting · [2] tries: item → "token tries" · [3] dead: item → ms
-- ARGV[1] item · [2] token of the claim · [3] ms from now when it is due · [4] tries that an item has
--
-- Returns 1: it waits; 2: it is a dead letter; 0: the token is not (or no longer) the item's, nothing was changed.
-- The token goes with it ("-" stands in its place), so sent again it returns 0.

local held = redis.call('HGET', KEYS[2], ARGV[1]) or ''
local token, tries = string.match(held, '^(%S+) (%d+)$')
if token ~= ARGV[2] then
    return 0
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(tries) >= tonumber(ARGV[4]) then
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('HDEL', KEYS[2], ARGV[1])
    redis.call('ZADD', KEYS[3], now_ms, ARGV[1])
    return 2
end
redis.call('ZADD', KEYS[1], now_ms + ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], '- ' .. tries)
return 1
