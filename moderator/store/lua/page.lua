#!lua flags=no-writes
-- What follows a place in each of several sorted sets of one lane; the caller merges lanes.
--
-- KEYS[i]  a sorted set of ids
-- ARGV[1]  "asc" or "desc", by (score, id)
-- ARGV[2]  score of the place, "" for the set's beginning · [3] its id, "" to begin with all of that score
-- ARGV[4]  how many at most, of each set
--
-- Returns one array a set: id, score, id, score …
--
-- A place need not be in any of the sets, so its rank is found: by counting scores, then by halving among the ids of
-- the same score (a back-fill gives thousands of comments one time). Cost O(log n) and the answer.

local descending, score, id, limit = ARGV[1] == 'desc', ARGV[2], ARGV[3], tonumber(ARGV[4])
local command = descending and 'ZREVRANGE' or 'ZRANGE'

-- Lua's own < follows the server's locale, sorted sets do not.
local function before(a, b)
    for i = 1, math.min(#a, #b) do
        local x, y = string.byte(a, i), string.byte(b, i)
        if x ~= y then
            return x < y
        end
    end
    return #a < #b
end

local function first_rank(key)
    if score == '' then
        return 0
    end
    local low
    if descending then
        low = redis.call('ZCOUNT', key, '(' .. score, '+inf')
    else
        low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
    end
    if id == '' and not descending then
        return low
    end
    local high = low + redis.call('ZCOUNT', key, score, score)
    while low < high do
        local middle = math.floor((low + high) / 2)
        local there = redis.call(command, key, middle, middle)[1]
        local passed
        if descending then
            passed = not before(there, id)
        else
            passed = not before(id, there)
        end
        if passed then
            low = middle + 1
        else
            high = middle
        end
    end
    return low
end

local found = {}
for i, key in ipairs(KEYS) do
    local rank = first_rank(key)
    found[i] = redis.call(command, key, rank, rank + limit - 1, 'WITHSCORES')
end
return found
