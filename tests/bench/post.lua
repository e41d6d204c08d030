-- Sends the lines of the file BODIES, one after the other, with the key KEY.
local headers = { ["Authorization"] = "Bearer " .. os.getenv("KEY"), ["Content-Type"] = "application/json" }
local lines = io.lines(os.getenv("BODIES"))

function request()
  return wrk.format("POST", nil, headers, lines())
end
