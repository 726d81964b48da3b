-- Reads as guests do: seven pages of random threads, two lists of threads and one of members in ten. Arguments: how many threads
-- there are, the first one's id.

function init(args)
    threads, first = tonumber(args[1]), tonumber(args[2])
    math.randomseed(os.time())
end

function request()
    local dice = math.random(10)
    if dice == 1 then
        return wrk.format("GET", "/api/v1/members?sort=posts")
    elseif dice <= 3 then
        return wrk.format("GET", "/api/v1/threads")
    end
    return wrk.format("GET", "/api/v1/threads/" .. (first + math.random(0, threads - 1)) .. "/posts")
end

function done(summary)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("requests_per_second %.1f\nfailed %d\n", summary.requests / summary.duration * 1e6, failed))
end
