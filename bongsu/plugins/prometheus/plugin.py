"""Prometheus and everything that speaks its query API. No data, NaN and a number are three different answers.

Source: the HTTP API v1 (`/api/v1/query`, `/api/v1/query_range`); values come as text.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bongsu.integrations.contract import Metrics, Sample, Sent, Series, TransportError, as_json, operation, secret, setting
from bongsu.kernel.clock import now

MAX_POINTS = 11_000  # Prometheus itself refuses more per series


@dataclass(frozen=True)
class Config:
    url: str = setting(label={"ko": "주소", "en": "Address"}, kind="url", placeholder="http://prometheus.internal:9090")
    token: str = secret(label={"ko": "토큰 (Bearer)", "en": "Token (Bearer)"}, default="")
    tenant: str = setting(
        label={"ko": "테넌트 (X-Scope-OrgID)", "en": "Tenant (X-Scope-OrgID)"}, default="",
        help={"ko": "Mimir, Cortex에서만 씁니다.", "en": "Only for Mimir and Cortex."},
    )  # fmt: skip


class Plugin(Metrics):
    def test(self) -> str:
        asked = self._asked("query", {"query": "vector(1)"})
        if not asked["data"]["result"]:
            raise TransportError("the answer to vector(1) is empty", permanent=True)
        return "vector(1) = 1"

    @operation(repeat="read")
    def query(self, key: str, *, query: str, at: float | None = None) -> Sent:
        """Instant query; `at` in seconds since 1970, None: now."""
        params = {"query": query} | ({"time": f"{at:.3f}"} if at is not None else {})
        return self._sent(query, self._asked("query", params))

    @operation(repeat="read")
    def query_range(self, key: str, *, query: str, start: float, end: float, step: float) -> Sent:
        """`start` and `end` in seconds since 1970, `step` in seconds."""
        if step <= 0 or end < start or (end - start) / step > MAX_POINTS:
            raise TransportError("the range is upside down or has too many steps", permanent=True, not_sent=True)
        params = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        return self._sent(query, self._asked("query_range", params))

    def _asked(self, path: str, params: Mapping[str, str]) -> Any:
        headers = {"Accept": "application/json"}
        if self.config.token:
            headers["Authorization"] = f"Bearer {self.config.token}"
        if self.config.tenant:
            headers["X-Scope-OrgID"] = self.config.tenant
        answer = self.transport.get(f"{self.config.url}/api/v1/{path}", params=params, headers=headers, also=(400, 422))
        body = answer.json()
        if not isinstance(body, dict) or body.get("status") != "success":
            said = body.get("error", "no reason given") if isinstance(body, dict) else "an unknown answer"
            raise TransportError(f"the query failed: {said}", permanent=answer.status in (400, 422), status=answer.status)
        return body

    def _sent(self, query: str, body: Any) -> Sent:
        data = body["data"]
        series = list(read_series(data))
        return Sent({
            "query": query, "state": state_of(series), "type": data["resultType"], "series": as_json(series),
            "warnings": body.get("warnings", []), "asked_at": now().isoformat(),
        })  # fmt: skip


def read_series(data: Mapping[str, Any]) -> list[Series]:
    """The result of any type as series; a scalar is one without labels."""
    match data["resultType"]:
        case "vector":
            return [Series(r["metric"], (_sample(r["value"]),)) for r in data["result"] if "value" in r]
        case "matrix":
            return [Series(r["metric"], tuple(_sample(v) for v in r.get("values", ()))) for r in data["result"]]
        case "scalar":
            return [Series({}, (_sample(data["result"]),))]
    raise TransportError(f"results of the type {data['resultType']} are not read", permanent=True)


def _sample(pair: list[Any]) -> Sample:
    number = float(pair[1])
    return Sample(float(pair[0]), None if math.isnan(number) else str(pair[1]))


def state_of(series: list[Series]) -> str:
    """`no_data`: nothing came; `nan`: only not-a-numbers; else `data`."""
    values = [s.value for one in series for s in one.samples]
    if not values:
        return "no_data"
    return "data" if any(v is not None for v in values) else "nan"
