-- One transition: write, if everything it was decided by is still as it was.
--
-- ARGV[1], MessagePack:
--   { guards = {key, version, ...}, slots = {{hash, field, interval_ms, burst, times, now_ms}, ...}, commands = {{...}, ...} }
-- A version is '' where there was no record. A slot is taken by GCRA, as `nodes.NodeState` counts it.
-- Returns 0: done; 1: a record has changed; 2: somebody else took the slot. Then nothing was written.
-- Times have 13 digits, and Lua's numbers 53 bits: they are exact.

local job = cmsgpack.unpack(ARGV[1])

for at = 1, #job.guards, 2 do
    local head = redis.call('GETRANGE', job.guards[at], 0, 20)
    if (string.match(head, '^%d+') or '') ~= job.guards[at + 1] then return 1 end
end

for _, slot in ipairs(job.slots) do
    local hash, field, interval, burst, times, now = unpack(slot)
    local full = math.max(tonumber(redis.call('HGET', hash, field) or 0), now) + interval * times
    if full - now > burst * interval then return 2 end
    slot.full = full
end

for _, slot in ipairs(job.slots) do
    redis.call('HSET', slot[1], slot[2], string.format('%.0f', slot.full))
end
for _, command in ipairs(job.commands) do
    redis.call(unpack(command))
end
return 0
