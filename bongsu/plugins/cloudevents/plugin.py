"""CloudEvents 1.0, structured and batch. Identity is (source, id): a repeat is the same event.

Source: cloudevents/spec, formats/json-format.md. Types of the CoSAI AITF vocabulary are understood as they are.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bongsu.integrations.contract import Measure, Received, Signal, Source, Unreadable, setting

REQUIRED = ("id", "source", "specversion", "type")
KNOWN = {*REQUIRED, "subject", "time", "data", "data_base64", "datacontenttype", "dataschema", "severity"}
RESOLVED = ("resolved", "recovered", "closed", "ok")
ABOUT = {"model": "model", "modelversion": "version", "version": "version", "system": "system", "environment": "environment",
         "tenant": "tenant", "dataset": "dataset", "feature": "feature"}  # fmt: skip


@dataclass(frozen=True)
class Config:
    open_types: tuple[str, ...] = setting(
        label={"ko": "신호로 볼 type (한 줄에 하나, 비우면 모두)", "en": "Types that are signals (one a line, empty: all)"},
        help={"ko": "앞부분이 같으면 됩니다: 예) org.example.ai.", "en": "The beginning is enough, for example: org.example.ai."},
        kind="lines", default=(),
    )  # fmt: skip


class Plugin(Source):
    def parse(self, received: Received) -> list[Signal]:
        try:
            body = json.loads(received.body)
        except ValueError as error:
            raise Unreadable("the body is not JSON; only structured and batch mode are read") from error
        events = body if isinstance(body, list) else [body]
        signals = [_signal(event, f"[{i}]" if isinstance(body, list) else "") for i, event in enumerate(events)]
        wanted = tuple(self.config.open_types)
        return [s for s in signals if not wanted or s.labels["type"].startswith(wanted)]


def _signal(event: Any, where: str) -> Signal:
    if not isinstance(event, dict):
        raise Unreadable(f"{where or 'body'}: an object is needed")
    for name in REQUIRED:
        if not isinstance(event.get(name), str) or not event[name]:
            raise Unreadable(f"{where}{name}: is missing or empty")
    if event["specversion"] != "1.0":
        raise Unreadable(f"{where}specversion: 1.0 is needed, not {event['specversion']}")
    data: Any = event.get("data")
    values = {**(data if isinstance(data, dict) else {}), **{k: v for k, v in event.items() if k not in KNOWN}}
    at = _moment(event.get("time"), where)
    named = {"type": event["type"], "source": event["source"], "subject": str(event.get("subject", ""))}
    return Signal(
        dedupe_key=f"{event['source']}|{event['id']}",
        title=str(values.get("title") or values.get("summary") or " ".join(p for p in (event["type"], named["subject"]) if p)),
        state=_state(values),
        source_event_id=event["id"],
        episode_start=at,
        detected_at=at,
        group_key=str(values.get("groupkey") or f"{event['source']}|{event['type']}|{named['subject']}"),
        source_severity=str(event.get("severity") or values.get("severity") or ""),
        text=str(values.get("description") or values.get("message") or ""),
        about={place: str(values[name]) for name, place in ABOUT.items() if values.get(name) not in (None, "")},
        measure=_measure(values),
        labels={**named, **{k: str(v) for k, v in values.items() if isinstance(v, (str, int, float, bool))}},
    )


def _state(values: dict[str, Any]) -> Literal["open", "resolved", "info"]:
    word = str(values.get("state") or values.get("status") or "").lower()
    return "resolved" if word in RESOLVED else "info" if word == "info" else "open"


def _measure(values: dict[str, Any]) -> Measure | None:
    value = next((values[k] for k in ("score", "value") if _is_number(values.get(k))), None)
    if value is None:
        return None
    threshold = values.get("threshold")
    direction = values.get("direction")
    return Measure(
        name=str(values.get("metric") or values.get("name") or "value"), value=float(value),
        threshold=float(threshold) if threshold is not None and _is_number(threshold) else None,
        direction=direction if direction in ("higher_is_worse", "lower_is_worse", "p_value") else "higher_is_worse",
        unit=str(values.get("unit") or ""), n=int(values["n"]) if _is_number(values.get("n")) else None,
    )  # fmt: skip


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _moment(value: Any, where: str) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{where}time: a moment of RFC 3339 is needed") from error
    if moment.tzinfo is None:
        raise Unreadable(f"{where}time: the zone is missing")
    return moment
