"""The root of /api/v1/: who is calling, refusals as problem details, idempotency keys, and every module's router."""

import importlib
import json
import logging
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.util import find_spec
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.responses import Response
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

import bongsu
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import BongsuError, Forbidden, Invalid, NotFound
from bongsu.kernel.text import gettext_noop as _
from bongsu.people.sessions import actor_of_bearer
from bongsu.ui.doors import Problem
from bongsu.ui.language import asked, say

from .actions import answer_once
from .complaints import complaint

log = logging.getLogger(__name__)

TITLES = {
    400: _("The request could not be read"),
    401: _("Sign in first"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Not this way"),
    409: _("It does not fit with what is there"),
    413: _("Too large"),
    422: _("The input is not usable"),
    429: _("Too many requests"),
    500: _("Something broke on our side"),
}


SIGN_IN = _("Sign in, or send a valid API token as a bearer token.")


class Unauthenticated(BongsuError):
    """Neither a session nor a valid token."""

    code, status = "unauthenticated", 401


# --- who is calling ---------------------------------------------------------------------------------------------------


def caller(request: HttpRequest) -> Actor | None:
    """The actor of the bearer token, or of the session; None when there is neither. Sets `request.actor`.

    Refuses (401) a token that is unknown, expired or revoked."""
    header = request.headers.get("Authorization", "")
    if not header:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        return actor if actor.person_id else None
    if not hasattr(request, "token_actor"):
        scheme, _space, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated(SIGN_IN)
        request.actor = request.token_actor = actor_of_bearer(request, token.strip())  # type: ignore[attr-defined]
    return request.token_actor  # type: ignore[attr-defined, no-any-return]


class Token(AuthBase):
    """Session or token. A session must bring the CSRF token with every request that changes something."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Actor | None:
        actor = caller(request)
        if actor and not request.headers.get("Authorization") and check_csrf(request):
            raise Forbidden(_("The CSRF token is missing. Programs use an API token instead of a session."))
        return actor


# --- the API ------------------------------------------------------------------------------------------------------


class StrictParser(Parser):
    """JSON that PostgreSQL can store: no NUL, no half surrogates, no NaN, bounded depth."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            value = json.loads(request.body, parse_constant=_not_json)
            if b"\\u0000" in json.dumps(value, ensure_ascii=False).encode():
                raise ValueError("NUL characters are not text")
        except (ValueError, RecursionError) as error:
            raise HttpError(400, gettext("The body is not usable JSON: {why}").format(why=error)) from None
        return value


def _not_json(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class BongsuAPI(NinjaAPI):
    """Every operation documents its refusals; every 4xx and 5xx is a `Problem`."""

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        schema["components"].setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        refusal = {
            "description": "Problem details (RFC 9457)",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for path in schema["paths"].values():
            for method, operation in path.items():
                operation["responses"].setdefault("default", refusal)
                if method != "get":
                    operation.setdefault("parameters", []).append(IDEMPOTENCY_PARAMETER)
        return schema


IDEMPOTENCY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "The same request sent again with the same key is answered again and not done again (kept for a week).",
}

api = BongsuAPI(
    title="Bongsu",
    version=bongsu.__version__,
    description="Responsible-AI incident operations. Every act of the pages, for machines.",
    auth=Token(),
    parser=StrictParser(),
    docs_url=None,
    urls_namespace="api",
)


def once(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Around every operation: the caller, request id, language of refusals, idempotency."""

    @wraps(run)
    def answered(request: HttpRequest, **values: Any) -> HttpResponse:
        key = request.headers.get("Idempotency-Key", "")
        with translation.override(_language(request)):
            try:
                _refuse_nul(request)
                actor = caller(request)
                translation.activate(_language(request))
                if key and actor and request.method not in ("GET", "HEAD", "OPTIONS"):
                    response = answer_once(actor, request=request, key=key, answer=lambda: run(request, **values))
                else:
                    response = run(request, **values)
            except BongsuError as error:
                response = refuse(request, error)
            except SuspiciousOperation as error:
                response = _suspicious(request, error)
        response["X-Request-Id"] = request_id(request)
        return response

    return answered


def _refuse_nul(request: HttpRequest) -> None:
    texts = [request.path, *(value for values in request.GET.lists() for value in (values[0], *values[1]))]
    if any("\x00" in text for text in texts):
        raise Invalid(_("NUL characters are not text."))


def _language(request: HttpRequest) -> str:
    """What the caller asks for, else the person's own language."""
    if request.headers.get("Accept-Language"):
        return asked(request)
    return request.actor.language  # type: ignore[attr-defined]


def request_id(request: HttpRequest) -> str:
    """The caller's `X-Request-Id` when it is a plain short word, else a fresh one."""
    if not hasattr(request, "bongsu_id"):
        given = request.headers.get("X-Request-Id", "")
        plain = given.replace("-", "").isalnum() and given.isascii() and len(given) <= 64
        request.bongsu_id = given if plain else uuid4().hex  # type: ignore[attr-defined]
    return str(request.bongsu_id)  # type: ignore[attr-defined]


# --- refusals ---------------------------------------------------------------------------------------------------------


def problem(request: HttpRequest, *, code: str, status: int, detail: str, fields: dict[str, str] | None = None) -> HttpResponse:
    body = Problem(
        type=f"urn:bongsu:problem:{code}",
        title=gettext(TITLES.get(status, TITLES[500 if status >= 500 else 400])),
        status=status,
        detail=detail,
        instance=request.path,
        fields=fields or {},
        request_id=request_id(request),
    )
    response = Response(body.model_dump(), status=status)
    response["Content-Type"] = "application/problem+json"
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def refuse(request: HttpRequest, error: BongsuError) -> HttpResponse:
    fields = {name: say(text) for name, text in error.fields.items()}
    return problem(request, code=error.code, status=error.status, detail=say(error.text), fields=fields)


def _not_usable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = {_place(item["loc"]): complaint(item) for item in error.errors}
    detail = gettext("Look at `fields`: each names what is wrong with it.")
    return problem(request, code="invalid", status=422, detail=detail, fields=fields)


def _place(loc: Sequence[str | int]) -> str:
    """`("body", "data", "labels", 0)` is `labels.0`: what our parameter is called is nobody's business."""
    within = loc[2:] if loc[0] == "body" else loc[1:]
    return ".".join(map(str, within)) or "body"


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    code = {400: "unreadable", 405: "method-not-allowed", 413: "too-large", 429: "too-many"}.get(error.status_code, "error")
    return problem(request, code=code, status=error.status_code, detail=str(error))


def _suspicious(request: HttpRequest, error: Exception) -> HttpResponse:
    if isinstance(error, RequestDataTooBig):
        return problem(request, code="too-large", status=413, detail=gettext("The request is larger than we take."))
    return problem(request, code="unreadable", status=400, detail=gettext("The request could not be read."))


def _does_not_fit(request: HttpRequest, _error: Exception) -> HttpResponse:
    return refuse(request, Invalid(_("A value is too long or too large for its place.")))


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("request %s failed: %s", request_id(request), type(error).__name__, exc_info=error)
    detail = gettext("It is in the log under this request id. Nothing was changed.")
    return problem(request, code="broken", status=500, detail=detail)


api.add_exception_handler(BongsuError, refuse)  # type: ignore[arg-type]
api.add_exception_handler(ValidationError, _not_usable)  # type: ignore[arg-type]
api.add_exception_handler(HttpError, _http)  # type: ignore[arg-type]
api.add_exception_handler(
    AuthenticationError,
    lambda request, _error: refuse(request, Unauthenticated(SIGN_IN)),
)
api.add_exception_handler(Http404, lambda request, _error: refuse(request, NotFound(_("There is no such thing here."))))
for beyond in (DataError, OverflowError):
    api.add_exception_handler(beyond, _does_not_fit)  # type: ignore[arg-type]
api.add_exception_handler(SuspiciousOperation, _suspicious)  # type: ignore[arg-type]
if not settings.DEBUG:
    api.add_exception_handler(Exception, _broken)  # type: ignore[arg-type]
api.add_decorator(once, mode="view")

for module in settings.MODULES:
    if module != "site" and find_spec(f"bongsu.{module}.api"):
        api.add_router("", importlib.import_module(f"bongsu.{module}.api").router)


# --- beside the API ---------------------------------------------------------------------------------------------------


def docs(request: HttpRequest) -> HttpResponse:
    """The API's page; it loads nothing from outside."""
    return render(request, "site/api_docs.html")


@csrf_exempt  # there is nothing to forge, and a program that mistyped wants to hear that
@once
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    return refuse(request, NotFound(_("There is no such address in the API. See /api/v1/docs.")))


class MethodMiddleware:
    """The API's 405 is a problem like every other refusal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or not request.path.startswith("/api/") or "json" in response["Content-Type"]:
            return response
        told = _wrong_method(request)
        told["Allow"] = response["Allow"]
        return told


@once
def _wrong_method(request: HttpRequest) -> HttpResponse:
    detail = gettext("This address does not take {method}. See /api/v1/docs.").format(method=request.method)
    return problem(request, code="method-not-allowed", status=405, detail=detail)
