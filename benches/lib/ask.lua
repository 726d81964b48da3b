-- Asks for what a file says, a request a line: method, path, header fields and a body that begins with {, separated by tabs.
-- Arguments: the file; `random` or `in-turn`.

local requests, next_one, random = {}, 0, true

local function made(line)
    local parts, fields, body = {}, {}, nil
    for part in line:gmatch("[^\t]+") do parts[#parts + 1] = part end
    for i = 3, #parts do
        local name, value = parts[i]:match("^([%w-]+): (.*)$")
        if name then fields[name] = value else body = parts[i] end
    end
    return wrk.format(parts[1], parts[2], fields, body)
end

function init(args)
    for line in io.lines(args[1]) do requests[#requests + 1] = made(line) end
    random = args[2] == "random"
    math.randomseed(os.time())
end

function request()
    next_one = random and math.random(#requests) or next_one % #requests + 1
    return requests[next_one]
end

function done(summary)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("requests_per_second %.1f\nrequests %d\nfailed %d\n",
        summary.requests / summary.duration * 1e6, summary.requests, failed))
end
