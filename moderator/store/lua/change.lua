#!lua flags=allow-oom
-- The one way in which a comment changes: its record, every index of its lane, its lease, and what waits to be done
-- about it, all or nothing. Creating is the change that expects sequence 0.
--
-- KEYS[1] record · [2] changes · [3] position · [4] leases · [5] holders
-- KEYS[6…]  the index sets to leave, then those to enter, then for each item of work its waiting set and its tries
-- ARGV[1] comment id · [2] sequence that the record must have, "0": there must be none
-- ARGV[3] sequence that it gets · [4] content digest, used when creating · [5] record version · [6] body
-- ARGV[7] "1": a lease must be held, by the token [8] · [9] "1": the review ends with this change
-- ARGV[10] how many sets to leave · [11] how many to enter
-- ARGV[12…] one score a set to enter; then for each item of work its member and the ms from now when it is due
--
-- Returns {"done"} · {"exists", record}: creating, and the id is taken · {"stale", record}: another sequence
--         {"missing"}: changing, and there is no record · {"lease"}: not held by this token, or expired
-- A change sent again meets its own sequence and returns "stale" with the record that it wrote: the caller compares.
-- Runs when memory is full (allow-oom), because verdicts and erasure must; intake refuses new comments before that.

local id, expected = ARGV[1], ARGV[2]
local n_leave, n_enter = tonumber(ARGV[10]), tonumber(ARGV[11])
local content = ARGV[4]

-- 1. Check everything.
local header = redis.call('GETRANGE', KEYS[1], 0, 63)
if expected == '0' then
    if header ~= '' then
        return {'exists', redis.call('GET', KEYS[1])}
    end
else
    if header == '' then
        return {'missing'}
    end
    local sequence, digest = string.match(header, '^%d+ (%d+) (%x+)\n')
    if sequence ~= expected then
        return {'stale', redis.call('GET', KEYS[1])}
    end
    content = digest
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[7] == '1' then
    local ends_ms = tonumber(redis.call('ZSCORE', KEYS[4], id) or 0)
    local holder = string.match(redis.call('HGET', KEYS[5], id) or '', '^([^|]*)|')
    if ends_ms <= now_ms or holder ~= ARGV[8] then
        return {'lease'}
    end
end

-- 2. Write.
redis.call('SET', KEYS[1], ARGV[5] .. ' ' .. ARGV[3] .. ' ' .. content .. '\n' .. ARGV[6])
redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), id)
for i = 1, n_leave do
    redis.call('ZREM', KEYS[5 + i], id)
end
for i = 1, n_enter do
    redis.call('ZADD', KEYS[5 + n_leave + i], ARGV[11 + i], id)
end
if ARGV[9] == '1' then
    redis.call('ZREM', KEYS[4], id)
    redis.call('HDEL', KEYS[5], id)
end
local argument = 12 + n_enter
for i = 6 + n_leave + n_enter, #KEYS, 2 do
    -- Work that is asked for again is due again and starts anew: whoever has it now no longer holds it.
    redis.call('ZADD', KEYS[i], now_ms + ARGV[argument + 1], ARGV[argument])
    redis.call('HDEL', KEYS[i + 1], ARGV[argument])
    argument = argument + 2
end
return {'done'}
