#!/usr/bin/env bash
# Prints a port of loopback that is free, and below those that the system gives to whoever asks for any: what runs beside takes
# none of these.
set -euo pipefail
exec node -e 'const look = () => {
    const port = 20000 + Math.floor(Math.random() * 12000)
    require("net").createServer().on("error", look).listen(port, "127.0.0.1", function () { console.log(port); this.close() })
}; look()'
