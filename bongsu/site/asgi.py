"""The door of the server: `/stream/` is asynchronous, everything else runs as WSGI in a pool of lasting threads."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

from bongsu.events.engines.courtesy import answering

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bongsu.site.settings")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

THREADS = int(os.environ.get("BONGSU_THREADS", "8"))


class Application:
    """Lasting threads keep their database connections: nine times the throughput of one connection per request."""

    def __init__(self) -> None:
        pages = get_wsgi_application()
        from .stream import Stream  # needs Django set up

        self.pages = WSGIMiddleware(pages, workers=THREADS)  # type: ignore[arg-type]
        self.stream = Stream()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/stream/":
            await self.stream(scope, receive, send)
        else:
            with answering():
                await self.pages(scope, receive, send)  # type: ignore[arg-type]

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stream.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


application = Application()
