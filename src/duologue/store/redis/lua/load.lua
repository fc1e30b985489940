-- Records as they are now, with all that they link to, and the time.
--
-- KEYS: the records asked for. ARGV[1]: what every key begins with. ARGV[2]: how long a record is at most.
-- The first line of a record is its version, and the names of the records that belong to it.
-- Returns the time in microseconds, then key and value in turns (false where there is none, '?' where it is no record).

local time = redis.call('TIME')
local answer, seen = { time[1] .. string.format('%06d', time[2]) }, {}
local longest = tonumber(ARGV[2])

local function value_of(key)
    local length = redis.pcall('STRLEN', key)
    if type(length) == 'table' or length > longest then return '?' end
    return redis.call('GET', key)
end

local function read(key)
    if seen[key] then return end
    seen[key] = true
    local value = value_of(key)
    answer[#answer + 1] = key
    answer[#answer + 1] = value
    if not value then return end
    local links = string.match(value, '^%d+ ([^\n]+)\n')
    if not links then return end
    for name in string.gmatch(links, '%S+') do read(ARGV[1] .. name) end
end

for _, key in ipairs(KEYS) do read(key) end
return answer
