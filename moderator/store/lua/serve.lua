#!lua flags=allow-oom
-- Changes what a site is served with, if it is still served with what the caller saw.
--
-- KEYS[1] serving: "<generation> <record>"
-- ARGV[1] the generation that the caller saw, 0 for none · [2] the new value, "<generation> <record>"
--
-- Returns 1: it is in force, also when it was already, so that a retry of a lost answer finds its own work.
--         0: another generation is in force; nothing was changed.

local value = redis.call('GET', KEYS[1]) or '0 '
if value == ARGV[2] then
    return 1
end
if string.match(value, '^%d+') ~= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
