#!lua
-- What is known of one comment before it is decided: copies of it, how many stand under its article, its author's past.
-- Noting and reading are one step, so comments of one batch see each other. All keys are of one site and one slot.
--
-- KEYS[1]  the article: comment id → ms
-- KEYS[2i] for each band i: today's hash, band → sketches, the newest last · [2i + 1] yesterday's
-- KEYS[2n + 2] behind those of all n bands: the author, as the article; absent when the comment has none
-- ARGV[1]  comment id · [2] ms · [3] its sketch: 32 bytes, of which the first 8 stand for the comment
-- ARGV[4]  sketches kept of one band · [5] seconds that a day's hash lives from its last write · [5 + i] band i
--
-- Returns {sketches found, earlier comments of the article, earlier comments of the author, ms of the author's first};
-- the last two are absent without an author. The sketches stand one after the other; the comment's own and repetitions
-- are among them. A comment that is there is not added again and keeps its time: a retry counts once.

local id, ms, sketch, keep, ttl_s = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local size, bands = #sketch, #ARGV - 5

local function earlier(key)
    redis.call('ZADD', key, 'NX', ms, id)
    return redis.call('ZRANK', key, id)
end

local found = {}
for i = 1, bands do
    local today, band = KEYS[2 * i], ARGV[5 + i]
    local sketches = redis.call('HGET', today, band) or ''
    found[#found + 1] = sketches
    found[#found + 1] = redis.call('HGET', KEYS[2 * i + 1], band) or ''

    local there = false
    for at = 1, #sketches, size do
        there = there or string.sub(sketches, at, at + 7) == string.sub(sketch, 1, 8)
    end
    if not there then
        redis.call('HSET', today, band, string.sub(sketches .. sketch, -keep * size))
        redis.call('EXPIRE', today, ttl_s)
    end
end

local reply = {table.concat(found), earlier(KEYS[1])}
local author = KEYS[2 * bands + 2]
if author then
    reply[3] = earlier(author)
    reply[4] = redis.call('ZRANGE', author, 0, 0, 'WITHSCORES')[2]
end
return reply
