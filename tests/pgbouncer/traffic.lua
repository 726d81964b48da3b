-- Reads, writes and likes, as members do, mixed by chance. Arguments: a file with a token on each line (the first one's member wrote
-- the first posts, and nobody likes their own), how many threads there are (their ids, and those of their first posts, begin with 1),
-- and a word of which the keys of this run's requests are made.

local reads, writes = 8, 1

function init(args)
    tokens = {}
    for token in io.lines(args[1]) do
        tokens[#tokens + 1] = token
    end
    threads, word, number = tonumber(args[2]), args[3], 0
    math.randomseed(os.time())
end

local function as_member(more)
    local headers = { ["Authorization"] = "Bearer " .. tokens[math.random(2, #tokens)], ["Content-Type"] = "application/json" }
    for name, value in pairs(more or {}) do
        headers[name] = value
    end
    return headers
end

function request()
    local thread, dice = math.random(threads), math.random(reads + 2 * writes)
    if dice == 1 then
        return wrk.format("GET", "/api/v1/threads", as_member())
    elseif dice == 2 then
        return wrk.format("GET", "/api/v1/members?sort=posts")
    elseif dice <= reads then
        return wrk.format("GET", "/api/v1/threads/" .. thread .. "/posts", as_member())
    elseif dice == reads + 1 then
        number = number + 1
        local path = "/api/v1/threads/" .. thread .. "/posts"
        return wrk.format("POST", path, as_member({ ["Idempotency-Key"] = word .. number }), '{"body":"A *reply*."}')
    end
    return wrk.format("PUT", "/api/v1/posts/" .. thread .. "/like", as_member())
end

function setup(thread)
    only = thread
end

acknowledged, refused = 0, 0

function response(status)
    if status == 201 then
        acknowledged = acknowledged + 1
    elseif status >= 400 then
        refused = refused + 1
    end
end

function done(summary)
    local errors = summary.errors
    local broken = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format("requests %d\nacknowledged %d\nrefused %d\nbroken %d\n", summary.requests,
        only:get("acknowledged"), only:get("refused"), broken))
end
