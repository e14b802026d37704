-- Sends one prepared request again and again, or a new prepared line of it each time; checks what comes back.
-- Arguments: the raw request (a file, with the mark @ONCE@ where a single-use value goes), the file of single-use
-- values (or "-"), and what every body must contain (or "-").
local threads = {}

function setup(thread) table.insert(threads, thread) end

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function init(args)
  wrong, used, exhausted = 0, 0, 0
  local raw = read_all(args[1])
  values = {}
  if args[2] ~= "-" then
    for line in io.lines(args[2]) do values[#values + 1] = line end
    local first, last = string.find(raw, "@ONCE@", 1, true)
    before, after = string.sub(raw, 1, first - 1), string.sub(raw, last + 1)
    request = function()
      used = used + 1
      if used > #values then
        exhausted = exhausted + 1
        return before .. values[#values] .. after
      end
      return before .. values[used] .. after
    end
  else
    request = function() return raw end
  end
  if args[3] ~= "-" then
    local needed = args[3]
    response = function(status, headers, body)
      if status ~= 200 or not string.find(body, needed, 1, true) then wrong = wrong + 1 end
    end
  end
end

function done(summary, latency, requests)
  local bad, out = 0, 0
  for _, thread in ipairs(threads) do
    bad = bad + (thread:get("wrong") or 0)
    out = out + (thread:get("exhausted") or 0)
  end
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "status": %d, "connect": %d, ' ..
    '"read": %d, "write": %d, "timeout": %d, "wrong": %d, "exhausted": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect, errors.read, errors.write, errors.timeout, bad, out))
end
