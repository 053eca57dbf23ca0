"""A page of the tests: panels, refusals, a stream that says one thing."""

import json
import time
from typing import ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import include, path

from bongsu.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from bongsu.kernel.text import Text
from bongsu.ui import panels

ERRORS = {
    "invalid": Invalid("Not usable", fields={"title": "Missing"}),
    "forbidden": Forbidden("No"),
    "not-found": NotFound("Nowhere"),
    "conflict": Conflict("Somebody was faster."),
    "refused": Refused(Text("There are {n} open duties.", {"n": 3})),
}


class Stream:
    """What the stream will say, and to how many it was opened."""

    facts: ClassVar[list[dict]] = []
    is_down: ClassVar[bool] = False
    opened: ClassVar[int] = 0


def refuse(request, kind):
    raise ERRORS[kind]


def page(request):
    return render(request, "ui/tests_page.html", {"thing": {"name": "thing"}})


def panel(request, key):
    return panels.respond(request, "test", key, {"name": "thing"}, url="/page/panels/", live="incident:1")


def stream(request):
    if Stream.is_down:
        return HttpResponse(status=503)
    Stream.opened += 1

    def lines():
        yield "retry: 300\n\n"
        said = 0
        while not Stream.is_down:
            for one in Stream.facts[said:]:
                yield f"event: fact\ndata: {json.dumps(one)}\n\n"
                said += 1
            yield ": still here\n\n"
            time.sleep(0.1)

    return StreamingHttpResponse(lines(), content_type="text/event-stream")


urlpatterns = [
    path("", include("bongsu.ui.urls")),
    path("refuse/<kind>/", refuse),
    path("page/", page),
    path("page/panels/<key>/", panel),
    path("stream/", stream),
]
