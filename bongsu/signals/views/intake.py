"""`POST /in/<token>/`: the fast path. The token never reaches a log."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from bongsu.kernel.actors import ANONYMOUS
from bongsu.kernel.errors import BongsuError
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import say

from .. import actions
from ..rules.bounds import LARGEST, TooLarge, Unreadable

RETRY_AFTER = {429: "60", 503: "5"}


@csrf_exempt
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """202 once it is stored; 400 unreadable, 401 unproven, 413 too large, 429 a source that keeps being wrong, 503 not stored."""
    if request.method == "OPTIONS":  # the handshake of CloudEvents webhooks
        origin = request.headers.get("WebHook-Request-Origin", "")
        allowed = {"Allow": "POST", "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
        return HttpResponse(status=204, headers=allowed if origin else {"Allow": "POST"})
    if request.method != "POST":
        return _quiet(JsonResponse({"error": "method-not-allowed"}, status=405, headers={"Allow": "POST"}))
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        receipt = actions.receive(
            ANONYMOUS, token=token, body=_body(request), headers=headers, source=request.META.get("REMOTE_ADDR", "")
        )
    except BongsuError as error:
        answer = JsonResponse({"error": error.code, "detail": say(error.text, "en")}, status=error.status)
        if error.status in RETRY_AFTER:
            answer["Retry-After"] = RETRY_AFTER[error.status]
        return _quiet(answer)
    return JsonResponse({"status": "stored", "sha256": receipt.body_hash}, status=202)


def _body(request: HttpRequest) -> bytes:
    """At most one byte more than is taken: what is larger is refused without being read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > LARGEST:
        raise TooLarge("The body is larger than {most} bytes.", most=LARGEST)
    try:
        return request.body
    except RequestDataTooBig:
        raise TooLarge("The body is larger than {most} bytes.", most=LARGEST) from None
    except UnreadablePostError:
        raise Unreadable(_("The connection broke before the body was complete.")) from None


def _quiet(answer: HttpResponse) -> HttpResponse:
    """Django would log the path of a refused request, and the path is the secret."""
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer
