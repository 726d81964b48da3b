-- Asks for one kind of thing, each time another one. Arguments: a path, in which {n} stands for a number from 1 to N, {hot} for one of
-- a thousand of them and {name} for how a member's name begins, and N. PERCENTILE says which of the times is told.

local names = { "anna", "boris", "carla", "dmitri", "elena", "farid", "greta", "hiro" }
local path, most

function init(args)
    path, most = args[1], tonumber(args[2])
    math.randomseed(os.time())
end

function request()
    local asked = path:gsub("{n}", function() return math.random(1, most) end)
    asked = asked:gsub("{hot}", function()
        return 1 + math.random(0, math.min(most, 1000) - 1) * math.max(1, math.floor(most / 1000))
    end)
    asked = asked:gsub("{name}", function() return names[math.random(#names)] end)
    return wrk.format("GET", asked)
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("failed %d\ntime %d\nbytes %d\n", failed, latency:percentile(tonumber(os.getenv("PERCENTILE"))),
        summary.bytes / math.max(summary.requests, 1)))
end
