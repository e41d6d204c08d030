#!lua flags=allow-oom
-- Takes due work of one kind from one lane: taking it and recording who holds it is one step.
--
-- KEYS[1] waiting: item → due ms, or its lease's end · [2] tries: item → "token tries" · [3] dead: item → ms
-- ARGV[1] token of this claim · [2] lease in ms · [3] how many at most · [4] tries that an item has
--
-- Returns item, its tries with this one, item, tries …; tries 0: nobody has the item, it is a dead letter now.
-- Sent again it takes other items; those of a lost answer come back when their lease ends.
-- An item that used up its tries without anybody reporting (its workers died) is a dead letter.

local token, lease_ms, limit, max_tries = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

local taken = {}
for _, item in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms, 'LIMIT', 0, limit)) do
    local held = redis.call('HGET', KEYS[2], item) or ''
    local tries = tonumber(string.match(held, ' (%d+)$') or 0) + 1
    if tries > max_tries then
        redis.call('ZREM', KEYS[1], item)
        redis.call('HDEL', KEYS[2], item)
        redis.call('ZADD', KEYS[3], now_ms, item)
        tries = 0
    else
        redis.call('ZADD', KEYS[1], now_ms + lease_ms, item)
        redis.call('HSET', KEYS[2], item, token .. ' ' .. tries)
    end
    taken[#taken + 1] = item
    taken[#taken + 1] = tries
end
return taken
