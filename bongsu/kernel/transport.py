"""The one outgoing HTTP client. It asks only addresses it may ask and raises only `TransportError`.

Private addresses are the normal case for MLflow and Prometheus, so an administrator allows them per connection as exact
`host:port`; link-local, metadata, multicast and unspecified addresses never. The name is resolved once and that address is
connected to (Host and SNI keep the name), so the answer of a second look-up cannot change the target.
"""

import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx
import stamina

from . import clock
from .errors import TransportError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

# Cloud metadata services that live outside the link-local range.
METADATA = frozenset(ipaddress.ip_address(a) for a in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
NAT64 = ipaddress.ip_network("64:ff9b::/96")
TEMPORARY = frozenset({408, 425, 429})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LONGEST_WAIT = 3600.0  # seconds; a service that asks for more is asked again after this


def look_up(host: str, port: int) -> list[str]:
    """The addresses of `host`, by the operating system."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TransportError(f"the name {host} cannot be resolved", not_sent=True) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked_address(host: str, port: int, allowed: Iterable[str], resolve: Resolver = look_up) -> str:
    """The address to connect to for `host`; refuses private ones that are not in `allowed`, and some always."""
    addresses = [_unwrapped(ipaddress.ip_address(a.partition("%")[0])) for a in resolve(host, port)]
    if not addresses:
        raise TransportError(f"the name {host} has no address", not_sent=True)
    for address in addresses:
        if _is_never(address):
            said = f"{host} points to an address that is never asked (link-local or metadata)"
            raise TransportError(said, permanent=True, not_sent=True)
        if not address.is_global and target_of(host, port) not in {a.lower() for a in allowed}:
            said = f"{host}:{port} is a private address and not allowed for this connection"
            raise TransportError(said, permanent=True, not_sent=True)
    return str(addresses[0])


def target_of(host: str, port: int) -> str:
    """`host:port` as it stands in the list of allowed targets; IPv6 in brackets."""
    return f"[{host}]:{port}".lower() if ":" in host else f"{host}:{port}".lower()


def is_private(host: str, port: int, resolve: Resolver = look_up) -> bool:
    """Whether an administrator must allow this target."""
    return any(not _unwrapped(ipaddress.ip_address(a.partition("%")[0])).is_global for a in resolve(host, port))


def _unwrapped(address: Address) -> Address:
    """An IPv4 address that hides in an IPv6 one (mapped, 6to4, NAT64) is judged as what it is."""
    if isinstance(address, ipaddress.IPv6Address):
        if inner := address.ipv4_mapped or address.sixtofour:
            return inner
        if address in NAT64:
            return ipaddress.ip_address(int(address) & 0xFFFFFFFF)
    return address


def _is_never(address: Address) -> bool:
    return address in METADATA or address.is_link_local or address.is_multicast or address.is_unspecified


@dataclass(frozen=True)
class Answer:
    """What came back: `headers` with lower-case names, `body` at most the transport's bound."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise TransportError("the answer is not JSON", status=self.status) from error


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates we trust; reading them takes longer than most answers."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True)
class Transport:
    """Asks the targets of one connection. `secrets` never appear in its errors; `timeout` is seconds for the whole exchange."""

    allowed: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    timeout: float = 10.0
    max_bytes: int = 4 * 1024 * 1024
    attempts: int = 3
    resolve: Resolver = look_up

    def get(self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
            also: Iterable[int] = ()) -> Answer:  # fmt: skip
        """Read `url`; asks again when the trouble may pass. Statuses in `also` are answers, not errors."""
        for attempt in stamina.retry_context(
            on=_may_pass, attempts=self.attempts, timeout=self.timeout, wait_initial=0.1, wait_max=2.0
        ):
            with attempt:
                return self._asked("GET", url, params=params, headers=headers, also=also)
        raise AssertionError("stamina left without an answer")

    def send(self, method: str, url: str, *, body: Any = None, content: bytes | None = None,
             headers: Mapping[str, str] | None = None, also: Iterable[int] = ()) -> Answer:  # fmt: skip
        """Change something: asked exactly once. `body` is sent as JSON."""
        sent = dict(headers or {})
        if content is None and body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            sent.setdefault("Content-Type", "application/json; charset=utf-8")
        return self._asked(method, url, content=content, headers=sent, also=also)

    def clean(self, text: str) -> str:
        """`text` without the connection's secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            if secret:
                text = text.replace(secret, "***")
        return text

    def _asked(self, method: str, url: str, *, also: Iterable[int], params: Mapping[str, str] | None = None,
               content: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:  # fmt: skip
        target = httpx.URL(url, params=params) if params else httpx.URL(url)
        try:
            for _ in range(4):
                answer = self._once(method, target, content, headers or {})
                if answer.status not in REDIRECTS:
                    break
                target = self._followed(method, target, answer)
            else:
                raise TransportError("redirected too often", permanent=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise TransportError(self.clean(f"{target.host} cannot be reached: {error}"), not_sent=True) from error
        except httpx.TimeoutException as error:
            raise TransportError(self.clean(f"{target.host} did not answer in time")) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise TransportError(self.clean(f"{target.host}: {type(error).__name__}: {error}")) from error
        if answer.status >= 400 and answer.status not in set(also):
            raise self._refused(target, answer)
        return answer

    def _once(self, method: str, url: httpx.URL, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        if url.scheme not in ("http", "https") or not url.host:
            raise TransportError("only http and https addresses are asked", permanent=True)
        port = url.port or (443 if url.scheme == "https" else 80)
        address = checked_address(url.host, port, self.allowed, self.resolve)
        sent = {"Accept-Encoding": "identity", "User-Agent": "Bongsu", **headers, "Host": url.netloc.decode()}
        until = time.monotonic() + self.timeout
        # trust_env=False: no proxy and no .netrc from the environment.
        timeout = httpx.Timeout(self.timeout, connect=min(5.0, self.timeout))
        with httpx.Client(verify=_trusted(), trust_env=False, timeout=timeout) as client:
            request = client.build_request(
                method, url.copy_with(host=address, userinfo=b""), content=content, headers=sent,
                extensions={"sni_hostname": url.host, "timeout": httpx.Timeout(self.timeout, connect=5.0).as_dict()},
            )  # fmt: skip
            answer = client.send(request, stream=True)
            try:
                return Answer(answer.status_code, dict(answer.headers), self._bounded(answer, until))
            finally:
                answer.close()

    def _bounded(self, answer: httpx.Response, until: float) -> bytes:
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > self.max_bytes:
                raise TransportError(f"the answer is larger than {self.max_bytes} bytes", permanent=True)
            if time.monotonic() > until:
                raise TransportError("the answer took too long")
        return bytes(body)

    def _followed(self, method: str, url: httpx.URL, answer: Answer) -> httpx.URL:
        """Only a read, and only to the same place."""
        after = url.join(answer.headers.get("location", ""))
        if method != "GET" or (after.scheme, after.host, after.port) != (url.scheme, url.host, url.port):
            said = self.clean(f"{url.host} redirects elsewhere; not followed")
            raise TransportError(said, permanent=True, status=answer.status)
        return after

    def _refused(self, url: httpx.URL, answer: Answer) -> TransportError:
        said = answer.body[:300].decode("utf-8", "replace")
        permanent = answer.status < 500 and answer.status not in TEMPORARY
        return TransportError(
            self.clean(f"{url.host} answered {answer.status}: {said}"),
            permanent=permanent, status=answer.status, retry_after=wait_asked(answer.headers.get("retry-after", "")),
        )  # fmt: skip


def wait_asked(header: str) -> float | None:
    """Seconds a `Retry-After` asks for, as a number or a date (RFC 9110, 10.2.3); None when it says nothing usable."""
    if not header:
        return None
    try:
        seconds = float(header) if header.strip().isdigit() else _seconds_until(header)
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _seconds_until(header: str) -> float:
    moment = parsedate_to_datetime(header)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - clock.now()).total_seconds()


def _may_pass(error: Exception) -> bool:
    """A read is asked again at once only when nobody asked us to wait."""
    return isinstance(error, TransportError) and not error.permanent and error.retry_after is None
