-- Asks for a random thread each time. Arguments: how many threads there are, the first one's id.

function init(args)
    threads, first = tonumber(args[1]), tonumber(args[2])
    math.randomseed(os.time())
end

function request()
    return wrk.format("GET", "/api/v1/threads/" .. (first + math.random(0, threads - 1)) .. "/posts")
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("requests_per_second %.0f\nfailed %d\n", summary.requests / summary.duration * 1e6, failed))
end
