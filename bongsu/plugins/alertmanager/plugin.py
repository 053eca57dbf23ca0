"""Prometheus Alertmanager, webhook version 4. The alerts are walked one by one; the group's own status is never read.

Source: prometheus/alertmanager notify/webhook and template/template.go; unknown keys are ignored because newer builds add
some. Links carry the sender's own host name and stay plain text.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bongsu.integrations.contract import Received, Signal, Source, Unreadable

ABOUT = {
    "model": ("model", "model_name"),
    "system": ("system", "ai_system", "service", "job"),
    "version": ("version", "model_version"),
    "environment": ("environment", "env"),
    "tenant": ("tenant",),
    "dataset": ("dataset",),
    "feature": ("feature",),
}


@dataclass(frozen=True)
class Config:
    pass


class Plugin(Source):
    def parse(self, received: Received) -> list[Signal]:
        try:
            body = json.loads(received.body)
        except ValueError as error:
            raise Unreadable("the body is not JSON") from error
        if not isinstance(body, dict) or str(body.get("version")) != "4" or "orgId" in body:
            raise Unreadable("this is not an Alertmanager webhook of version 4")
        alerts = body.get("alerts")
        if not isinstance(alerts, list) or not all(isinstance(a, dict) for a in alerts):
            raise Unreadable("alerts: a list is needed")
        is_truncated = bool(body.get("truncatedAlerts"))
        return [_signal(a, f"alerts[{i}]", str(body.get("groupKey", "")), is_truncated) for i, a in enumerate(alerts)]


def _signal(alert: dict[str, Any], where: str, group: str, is_truncated: bool) -> Signal:
    labels = _texts(alert.get("labels"), f"{where}.labels")
    notes = _texts(alert.get("annotations"), f"{where}.annotations")
    fingerprint = alert.get("fingerprint")
    if not isinstance(fingerprint, str) or not fingerprint:
        raise Unreadable(f"{where}.fingerprint: is missing")
    if alert.get("status") not in ("firing", "resolved"):
        raise Unreadable(f"{where}.status: firing or resolved is needed")
    starts, ends = _moment(alert.get("startsAt"), f"{where}.startsAt"), _moment(alert.get("endsAt"), f"{where}.endsAt")
    if starts is None:
        raise Unreadable(f"{where}.startsAt: is missing")
    is_open = alert["status"] == "firing"
    return Signal(
        dedupe_key=fingerprint,
        title=notes.get("summary") or labels.get("alertname") or fingerprint,
        state="open" if is_open else "resolved",
        source_event_id=f"{fingerprint}@{alert['startsAt']}",
        episode_start=starts,
        detected_at=starts if is_open else ends or starts,
        group_key=group,
        source_severity=labels.get("severity", ""),
        text=notes.get("description") or notes.get("message", ""),
        about={name: found for name, keys in ABOUT.items() if (found := next((labels[k] for k in keys if labels.get(k)), ""))},
        labels=labels,
        links=tuple(link for link in (alert.get("generatorURL"), notes.get("runbook_url")) if isinstance(link, str) and link),
        is_truncated=is_truncated,
    )


def _texts(value: Any, where: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"{where}: an object is needed")
    return {str(k): str(v) for k, v in value.items()}


def _moment(value: Any, where: str) -> datetime | None:
    """`0001-01-01T00:00:00Z` is the sender's "not yet", no date in the past."""
    if value is None or (isinstance(value, str) and value.startswith("0001-01-01")):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{where}: a moment is needed") from error
    if moment.tzinfo is None:
        raise Unreadable(f"{where}: the zone is missing")
    return moment
