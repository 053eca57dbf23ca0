"""An act: a form that opens over the page it belongs to; opened by itself it is a page, and leads back."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from .forms import ActForm


@dataclass(frozen=True)
class Home:
    """The page an act belongs to: its name, its address, and the subject whose parts are fetched again afterwards."""

    name: str
    url: str
    subject: str


def shown(request: HttpRequest, form: ActForm, home: Home) -> HttpResponse:
    """The form: a window for htmx, else a page. 422 when it was refused. It is sent to where it came from."""
    is_window = bool(request.headers.get("HX-Request"))
    values = {"form": form, "home": home, "url": request.get_full_path(), "is_window": is_window}
    template = "ui/act_window.html" if is_window else "ui/act_page.html"
    return render(request, template, {**values, "is_multipart": form.is_multipart()}, status=422 if form.errors else 200)


def done(request: HttpRequest, home: Home, *, is_quiet: bool = False) -> HttpResponse:
    """By htmx the window goes and every part that shows the subject is fetched again; else back to the page."""
    if request.headers.get("HX-Request"):
        answer = render(request, "ui/act_done.html", {"is_quiet": is_quiet})
        answer["HX-Trigger"] = f"bongsu:{home.subject}"
        return answer
    messages.success(request, _("Recorded."))
    return redirect(home.url)
