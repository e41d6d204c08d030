"""What everything is compared with: an aiohttp handler that reads the body, awaits one SET, answers a constant.

python -m tests.bench.bare SOCKET_OF_REDIS PORT
"""

import sys

import redis.asyncio
import uvloop
from aiohttp import web


def main() -> None:
    """Serve until the process is told to stop."""
    store = redis.asyncio.Redis(unix_socket_path=sys.argv[1])

    async def answer(request: web.Request) -> web.Response:
        await store.set("comment", await request.read())
        return web.Response(body=b'{"ok":true}', content_type="application/json")

    app = web.Application()
    app.router.add_post("/v1/comments", answer)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=None, print=None)


if __name__ == "__main__":
    main()
