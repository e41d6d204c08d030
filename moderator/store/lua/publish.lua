#!lua
-- Puts a packed bundle where every machine finds it. Bundles never change.
--
-- KEYS[1] index: bundle id → published ms · [2] info: digest, bytes, manifest · [3] the packed bundle
-- ARGV[1] bundle id · [2] digest · [3] manifest · [4] the packed bundle
--
-- Returns 1: it is there, also when it was. 0: another bundle has this id; nothing was changed.

local digest = redis.call('HGET', KEYS[2], 'digest')
if digest then
    return digest == ARGV[2] and 1 or 0
end
local time = redis.call('TIME')
redis.call('SET', KEYS[3], ARGV[4])
redis.call('HSET', KEYS[2], 'digest', ARGV[2], 'bytes', #ARGV[4], 'manifest', ARGV[3])
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
return 1
