"""A PagerDuty Events API v2 that remembers alerts by `dedup_key` and refuses what the real one refuses."""

import secrets
from typing import Any

from tests.fakes.serving import Asked, Fake, Told, stand_alone

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
SEVERITIES = ("critical", "error", "warning", "info")
TOP = {"routing_key", "event_action", "dedup_key", "payload", "links", "images", "client", "client_url"}


class FakePagerDuty(Fake):
    """`alerts`: (routing key, dedup key) -> state, summary, times triggered. `limit`: events let through before 429."""

    def __init__(self, routing_keys: tuple[str, ...] = (ROUTING_KEY,), limit: int | None = None) -> None:
        super().__init__()
        self.routing_keys, self.limit = routing_keys, limit
        self.alerts: dict[tuple[str, str], dict[str, Any]] = {}

    def answer(self, asked: Asked) -> Told:
        if (asked.method, asked.path) != ("POST", "/v2/enqueue"):
            return Told({"status": "not found"}, 404)
        if len(asked.body) > 512 * 1024:
            return Told({"status": "Request Entity Too Large"}, 413)
        if self.limit is not None:
            if self.limit == 0:
                return Told({"status": "throttle exceeded"}, 429, {"Retry-After": "30"})
            self.limit -= 1
        try:
            event = asked.json()
        except ValueError:
            event = None
        errors = self._errors(event)
        if errors:
            return Told({"status": "invalid event", "message": "Event object is invalid", "errors": errors}, 400)
        return self._taken(event)

    def _errors(self, event: Any) -> list[str]:
        if not isinstance(event, dict):
            return ["JSON is not an object"]
        errors = [f"'{name}' is not a known field" for name in sorted(event.keys() - TOP)]
        if event.get("routing_key") not in self.routing_keys:
            errors.append("'routing_key' is invalid")
        if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
            errors.append("'event_action' is missing or invalid")
        elif event["event_action"] != "trigger" and not event.get("dedup_key"):
            errors.append("'dedup_key' is missing or blank")
        if len(event.get("dedup_key") or "") > 255:
            errors.append("'dedup_key' is too long")
        return errors + (self._payload_errors(event.get("payload")) if event.get("event_action") == "trigger" else [])

    def _payload_errors(self, payload: Any) -> list[str]:
        if not isinstance(payload, dict):
            return ["'payload' is missing or blank"]
        errors = [f"'payload.{name}' is missing or blank" for name in ("summary", "source", "severity") if not payload.get(name)]
        if payload.get("severity") not in SEVERITIES:
            errors.append("'payload.severity' is invalid")
        if len(payload.get("summary") or "") > 1024:
            errors.append("'payload.summary' is too long")
        return errors

    def _taken(self, event: dict[str, Any]) -> Told:
        key = event.get("dedup_key") or secrets.token_hex(16)
        place = (event["routing_key"], key)
        alert = self.alerts.get(place)
        if event["event_action"] == "trigger":
            if alert is None or alert["state"] == "resolved":
                alert = self.alerts[place] = {"state": "triggered", "times": 0, "summary": event["payload"]["summary"]}
            alert["times"] += 1
        elif alert is not None and alert["state"] != "resolved":
            alert["state"] = {"acknowledge": "acknowledged", "resolve": "resolved"}[event["event_action"]]
        # An unknown dedup_key is taken and dropped, like over there.
        return Told({"status": "success", "message": "Event processed", "dedup_key": key}, 202)


if __name__ == "__main__":
    stand_alone(FakePagerDuty())
