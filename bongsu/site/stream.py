"""`/stream/`: server-sent events. Says that something happened and where, never what: `{"subject": ref, "fact": name}`.

One task per process reads the ledger's stream; each viewer gets what they may see. `Last-Event-ID` replays what was
missed; a viewer who missed too much is told to `reload`.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.http import HttpRequest

from bongsu.events.models import Event
from bongsu.events.queries import Cursor, since, stream_end, visible
from bongsu.kernel.actors import Actor
from bongsu.people.queries import actor_of

log = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

POLL_SECONDS = 0.5
REST_SECONDS = 15.0  # a comment keeps proxies from closing a quiet stream, and the sign-in is looked at again
REPLAY = 500
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


@dataclass(frozen=True)
class Happened:
    cursor: Cursor
    position: int
    subject: str
    fact: str

    def line(self) -> bytes:
        data = json.dumps({"subject": self.subject, "fact": self.fact.partition("@")[0]})
        return f"id: {self.cursor}\nevent: fact\ndata: {data}\n\n".encode()


@dataclass(eq=False)
class Viewer:
    cookie: str
    actor: Actor
    queue: "asyncio.Queue[list[bytes]]" = field(default_factory=lambda: asyncio.Queue(maxsize=100))

    def start_over(self, lines: list[bytes]) -> None:
        """Forget what waits and say this instead."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(lines)


class Stream:
    """The ASGI application of `/stream/`."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self.reader: asyncio.Task[None] | None = None
        self.is_ending = False
        # One lasting thread with one lasting connection for all reading.
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="stream")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        cookie = headers.get("cookie", "")
        actor = await self._ask(actor_of_cookie, cookie)
        if actor is None or scope["method"] != "GET":
            status = 405 if actor else 401
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        viewer = Viewer(cookie, actor)
        self.viewers.add(viewer)
        if self.reader is None or self.reader.done():
            self.reader = asyncio.create_task(self._read(await self._ask(stream_end)))
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            missed = await self._ask(missed_by, actor, headers.get("last-event-id") or _drawn_after(scope))
            await _say(send, b"retry: 1000\n: bongsu\n\n" + b"".join(missed))
            await self._tell(viewer, send, gone)
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            self.viewers.discard(viewer)
            gone.cancel()

    def end(self) -> None:
        """Let every viewer go; they come back by themselves when a server answers again."""
        self.is_ending = True
        for viewer in self.viewers:
            viewer.start_over([])

    async def close(self) -> None:
        self.end()
        if self.reader:
            self.reader.cancel()
        self.thread.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, question: Callable[..., Any], *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.thread, question, *values)

    async def _tell(self, viewer: Viewer, send: Send, gone: "asyncio.Task[None]") -> None:
        clock = asyncio.get_running_loop().time
        check_at = clock() + REST_SECONDS
        while not gone.done() and not self.is_ending:
            coming = asyncio.create_task(viewer.queue.get())
            await asyncio.wait({coming, gone}, timeout=max(0.0, check_at - clock()), return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                await _say(send, b"".join(coming.result()))
            coming.cancel()
            if clock() >= check_at:
                actor = await self._ask(actor_of_cookie, viewer.cookie)
                if actor is None:
                    return
                viewer.actor, check_at = actor, clock() + REST_SECONDS
                await _say(send, b": still here\n\n")

    async def _read(self, cursor: Cursor) -> None:
        """Follow the ledger while anybody watches."""
        while self.viewers:
            await asyncio.sleep(POLL_SECONDS)
            try:
                happened = await self._ask(after, cursor)
                if happened:
                    cursor = happened[-1].cursor
                    await self._hand_out(happened)
            except (DatabaseError, InterfaceError) as error:
                log.warning("the stream waits for the database: %s", error)
                await asyncio.sleep(POLL_SECONDS * 4)

    async def _hand_out(self, happened: list[Happened]) -> None:
        by_actor: dict[Actor, list[Viewer]] = {}
        for viewer in self.viewers:
            by_actor.setdefault(viewer.actor, []).append(viewer)
        for actor, viewers in by_actor.items():
            lines = await self._ask(lines_for, actor, happened)
            for viewer in viewers if lines else ():
                if viewer.queue.full():  # too slow: nothing is half told, they start over
                    viewer.start_over([b"event: reload\ndata: {}\n\n"])
                viewer.queue.put_nowait(lines)


def _drawn_after(scope: dict[str, Any]) -> str:
    """Where the ledger stood when the page was drawn (`?after=`): what was stated since is told at once."""
    return parse_qs(scope["query_string"].decode("latin-1")).get("after", [""])[0]


async def _say(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


# --- questions to the database, asked in the one thread ------------------------------------------------------------


def actor_of_cookie(header: str) -> Actor | None:
    """The signed-in person behind a Cookie header, by Django's own session check."""
    close_old_connections()
    try:
        morsel = SimpleCookie(header).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if morsel is None:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    user = get_user(request)
    return actor_of(user) if user.is_authenticated else None


def after(cursor: Cursor) -> list[Happened]:
    close_old_connections()
    return [_happened(event) for event in since(cursor, limit=REPLAY)]


def _happened(event: Event) -> Happened:
    return Happened(Cursor(event.transaction, event.position), event.position, event.subject_id, event.name)


def lines_for(actor: Actor, happened: Iterable[Happened]) -> list[bytes]:
    """What of it this actor may know."""
    positions = [one.position for one in happened]
    seen = set(Event.objects.filter(visible(actor), position__in=positions).values_list("position", flat=True))
    return [one.line() for one in happened if one.position in seen]


def missed_by(actor: Actor, last_event_id: str) -> list[bytes]:
    """Everything after `Last-Event-ID`; `reload` when that is more than anyone wants replayed."""
    if not last_event_id:
        return []
    happened = after(Cursor.parse(last_event_id))
    if len(happened) == REPLAY:
        return [f"id: {stream_end()}\nevent: reload\ndata: {{}}\n\n".encode()]
    return lines_for(actor, happened)
