"""Refusals become calm pages, or a line in the message area when htmx asked; never a 500."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found

from bongsu.kernel.errors import BongsuError, Forbidden, NotFound
from bongsu.kernel.text import gettext_noop as noop

from .language import say, speak_to_person

TITLES = {
    "invalid": noop("Something in what you sent is not usable"),
    "forbidden": noop("You may not do this"),
    "not-found": noop("There is no such page"),
    "conflict": noop("Somebody was faster"),
    "refused": noop("This cannot be done now"),
}
MACHINES = ("/api/", "/in/")


def refusal(request: HttpRequest, error: BongsuError) -> HttpResponse:
    """The answer of a page to `error`, with its status; a fragment for the message area when htmx asked."""
    fields = [(name, say(text)) for name, text in error.fields.items()]
    context = {
        "title": _(TITLES.get(error.code, "Something went wrong")),
        "text": say(error.text),
        "fields": fields,
        "error": error,
    }
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        response = render(request, "ui/refusal.html", context, status=error.status)
        response["HX-Retarget"], response["HX-Reswap"] = "#messages", "innerHTML"
        return response
    return render(request, "ui/problem.html", context, status=error.status)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that leads nowhere reached no view, and so nobody has asked yet who reads."""
    speak_to_person(request)
    return page_not_found(request, exception)


class RefusalMiddleware:
    """Turns `kernel.errors` raised by a view into `refusal`; machines' doors answer for themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if request.path.startswith(MACHINES):
            return None
        if isinstance(exception, BongsuError) and exception.status < 500:
            return refusal(request, exception)
        if request.headers.get("HX-Request"):
            if isinstance(exception, Http404):
                return refusal(request, NotFound(noop("There is no such thing, or it is not yours to see.")))
            if isinstance(exception, PermissionDenied):
                return refusal(request, Forbidden(noop("You may not do this.")))
        return None
