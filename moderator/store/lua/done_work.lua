#!lua flags=allow-oom
-- Removes work that is finished, if its claim still holds, and the dead letter that an earlier wish for it became.
--
-- KEYS[1] waiting · [2] tries: item → "token tries" · [3] dead: item → ms
-- ARGV[1] item · [2] token of the claim
--
-- Returns 1, or 0: the token is not (or no longer) the item's; nothing was changed. Sent again: 0, and the item is gone.

local held = redis.call('HGET', KEYS[2], ARGV[1]) or ''
if string.match(held, '^(%S+) ') ~= ARGV[2] then
    return 0
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1
