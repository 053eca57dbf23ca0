"""The face's own doors: switching the language, finding in the palette, the gallery of components."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from . import frame
from .gallery import samples
from .language import is_offered, switch


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch and come back to the same page; works signed out."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    wanted = request.POST.get("language")
    if wanted and is_offered(wanted):
        switch(request, response, wanted)
    return response


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """What the palette found: a fragment of options."""
    found = frame.find(request, request.GET.get("q", "")[:200]) if frame.actor_of(request).person_id else []
    return render(request, "ui/found.html", {"found": found})


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """Alarms and banners, asked for again by an open page: no fact announces that the worker is silent."""
    if frame.actor_of(request).person_id is None:
        return HttpResponse(status=204)
    return render(request, "ui/notices.html")


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in its states; only where debugging is on."""
    if not (settings.DEBUG or getattr(settings, "UI_GALLERY", False)):
        raise Http404
    return render(request, "ui/gallery.html", samples(request))
