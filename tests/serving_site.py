"""Serving the site from the test's own process, so that both see one database and one clock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from django.db import connections

from tests.counterparts.processes import answers, wait_until


@contextmanager
def serving() -> Iterator[str]:
    from bongsu.site.asgi import Application
    from bongsu.site.server import Background, _listen

    listener = _listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    application = Application()
    server = uvicorn.Server(
        uvicorn.Config(application, lifespan="on", log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    background = Background()
    thread.start()
    background.start()
    try:
        wait_until(lambda: answers(f"{address}/health/live"), what="the site", seconds=20)
        yield address
    finally:
        application.stream.end()
        server.should_exit = True
        thread.join(10)
        background.end()
        application.pages.executor.shutdown(wait=True)
        listener.close()
        connections.close_all()
