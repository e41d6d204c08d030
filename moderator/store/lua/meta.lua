#!lua flags=allow-oom
-- Create the deployment's record on first start, else leave it alone; give it back either way.
--
-- KEYS[1]  meta (hash)
-- ARGV     field, value, … : what a first start writes
-- Returns  all fields and values, flat; the same for every later call
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], unpack(ARGV))
end
return redis.call('HGETALL', KEYS[1])
