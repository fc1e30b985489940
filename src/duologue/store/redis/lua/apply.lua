-- One transition: write, if everything it was decided by is still as it was.
--
-- ARGV[1], MessagePack:
--   { guards = {key, version, ...}, slots = {{hash, field, interval_ms, burst, times, now_ms}, ...}, commands = {{...}, ...} }
-- A version is '' where there was no record. A slot is taken by GCRA, as `nodes.NodeState` counts it.
-- Returns 0: done; 1: a record has changed; 2: somebody else took the slot; or the error `BROKEN key`: that key holds
-- something else than it should. Then nothing was written.
-- Times have 13 digits, and Lua's numbers 53 bits: they are exact.

local job = cmsgpack.unpack(ARGV[1])
local kinds = { SADD = 'set', SREM = 'set', ZADD = 'zset', ZREM = 'zset', HINCRBY = 'hash' }

local function broken(key) return redis.error_reply('BROKEN ' .. key) end

for at = 1, #job.guards, 2 do
    local head = redis.pcall('GETRANGE', job.guards[at], 0, 20)
    if type(head) == 'table' then return broken(job.guards[at]) end
    if (string.match(head, '^%d+') or '') ~= job.guards[at + 1] then return 1 end
end

-- A stream in which somebody else wrote begins anew, and its readers see the gap.
local function append(command)
    local failed = redis.pcall(unpack(command)).err
    if not failed then return end
    if not string.find(failed, 'smaller') and not string.find(failed, 'WRONGTYPE') then error(failed) end
    redis.call('DEL', command[2])
    redis.call(unpack(command))
end

-- A script that fails half way has written half: whatever may fail is tried before anything is written.
for _, command in ipairs(job.commands) do
    local kind = kinds[command[1]]
    if kind then
        local found = redis.call('TYPE', command[2]).ok
        if found ~= kind and found ~= 'none' then return broken(command[2]) end
    end
end

for _, slot in ipairs(job.slots) do
    local hash, field, interval, burst, times, now = unpack(slot)
    local full = math.max(tonumber(redis.call('HGET', hash, field) or 0) or 0, now) + interval * times
    if full - now > burst * interval then return 2 end
    slot.full = full
end

for _, slot in ipairs(job.slots) do
    redis.call('HSET', slot[1], slot[2], string.format('%.0f', slot.full))
end
for _, command in ipairs(job.commands) do
    if command[1] == 'XADD' then append(command) else redis.call(unpack(command)) end
end
return 0
