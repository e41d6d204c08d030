#!lua
-- Notes one comment's sketch under its bands and returns the sketches that are there: adding and reading are one step,
-- so copies in one batch see each other.
--
-- KEYS[2i-1] hash of today for band i: band → sketches, the newest last · KEYS[2i] yesterday's
-- ARGV[1]    the sketch: 32 bytes, of which the first 8 stand for the comment · [2] sketches kept of one band
-- ARGV[3]    seconds that a day's hash lives from its last write · [3 + i] band i
--
-- Returns all sketches found, one after the other; the comment's own and repetitions are among them.
-- A comment that is there already is not added again: a retry counts once.

local sketch, keep, ttl_s = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local size = #sketch
local found = {}
for i = 4, #ARGV do
    local today, band = KEYS[2 * (i - 3) - 1], ARGV[i]
    local sketches = redis.call('HGET', today, band) or ''
    found[#found + 1] = sketches
    found[#found + 1] = redis.call('HGET', KEYS[2 * (i - 3)], band) or ''

    local there = false
    for at = 1, #sketches, size do
        there = there or string.sub(sketches, at, at + 7) == string.sub(sketch, 1, 8)
    end
    if not there then
        redis.call('HSET', today, band, string.sub(sketches .. sketch, -keep * size))
        redis.call('EXPIRE', today, ttl_s)
    end
end
return table.concat(found)
