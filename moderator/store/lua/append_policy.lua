#!lua
-- Adds a version of a site's policy behind the newest.
--
-- KEYS[1] policies: version, from 1 without gaps → document
-- ARGV[1] the document
--
-- Returns its version. The newest document again is the newest version: a retry makes no second one.

local newest = redis.call('HLEN', KEYS[1])
if newest > 0 and redis.call('HGET', KEYS[1], newest) == ARGV[1] then
    return newest
end
redis.call('HSET', KEYS[1], newest + 1, ARGV[1])
return newest + 1
