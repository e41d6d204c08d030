#!lua flags=allow-oom
-- Changes fields of hashes together, or none of them.
--
-- KEYS[i]      the hash of change i; all carry one hash tag
-- ARGV[3i-2]   its field
-- ARGV[3i-1]   the value it must have now, "" for none
-- ARGV[3i]     the value it gets, "" for none: the field goes
--
-- Returns 1: done, also when everything is as asked already, so that a retry of a lost answer finds its own work.
--         0: something differs; nothing was changed.
-- Runs when memory is full (allow-oom), because revoking a key must.

local as_asked, as_expected = true, true
for i, key in ipairs(KEYS) do
    local value = redis.call('HGET', key, ARGV[3 * i - 2]) or ''
    as_asked = as_asked and value == ARGV[3 * i]
    as_expected = as_expected and value == ARGV[3 * i - 1]
end
if as_asked then
    return 1
end
if not as_expected then
    return 0
end
for i, key in ipairs(KEYS) do
    if ARGV[3 * i] == '' then
        redis.call('HDEL', key, ARGV[3 * i - 2])
    else
        redis.call('HSET', key, ARGV[3 * i - 2], ARGV[3 * i])
    end
end
return 1
