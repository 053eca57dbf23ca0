"""PagerDuty Events API v2: trigger, acknowledge, resolve. `dedup_key` is the idempotency key of the service.

Source: PagerDuty/api-schema reference/events-v2; 512 KB at most, about 120 calls a minute per key.
"""

import json
from dataclasses import dataclass
from typing import Any

from bongsu.integrations.contract import Pager, Sent, TransportError, operation, secret, setting

SEVERITIES = ("critical", "error", "warning", "info")
MAX_BYTES = 512 * 1024
SUMMARY = 1024


@dataclass(frozen=True)
class Config:
    routing_key: str = secret(label={"ko": "라우팅 키 (Events API v2)", "en": "Routing key (Events API v2)"}, placeholder="32 …")
    url: str = setting(label={"ko": "주소", "en": "Address"}, kind="url", default="https://events.pagerduty.com")


class Plugin(Pager):
    def test(self) -> str:
        """Resolves an alert that never was: proves address and key, wakes nobody."""
        return str(self._enqueued("resolve", "bongsu-connection-test", "")["message"])

    @operation(repeat="keyed")
    def trigger(self, key: str, *, dedup_key: str, summary: str, severity: str = "critical", source: str = "bongsu",
                details: dict[str, str] | None = None, link: str = "", address: str = "") -> Sent:  # fmt: skip
        if severity not in SEVERITIES:
            raise TransportError(f"PagerDuty knows no severity {severity}", permanent=True, not_sent=True)
        event: dict[str, Any] = {
            "payload": {"summary": summary[:SUMMARY], "severity": severity, "source": source, "custom_details": details or {}},
            "client": "Bongsu",
        }  # fmt: skip
        if link:
            event["client_url"] = link
            event["links"] = [{"href": link, "text": "Bongsu"}]
        return self._sent("trigger", dedup_key, address, event)

    @operation(repeat="keyed")
    def acknowledge(self, key: str, *, dedup_key: str, address: str = "") -> Sent:
        return self._sent("acknowledge", dedup_key, address)

    @operation(repeat="keyed")
    def resolve(self, key: str, *, dedup_key: str, address: str = "") -> Sent:
        return self._sent("resolve", dedup_key, address)

    def _sent(self, act: str, dedup_key: str, address: str, more: dict[str, Any] | None = None) -> Sent:
        body = self._enqueued(act, dedup_key, address, more)
        return Sent({"status": body["status"], "message": body["message"], "dedup_key": body["dedup_key"]}, body["dedup_key"])

    def _enqueued(self, act: str, dedup_key: str, address: str, more: dict[str, Any] | None = None) -> Any:
        event = {"routing_key": address or self.config.routing_key, "event_action": act, "dedup_key": dedup_key[:255]}
        event |= more or {}
        content = json.dumps(event, ensure_ascii=False).encode()
        if len(content) > MAX_BYTES:
            raise TransportError("the event is larger than 512 KB", permanent=True, not_sent=True)
        headers = {"Content-Type": "application/json"}
        answer = self.transport.send("POST", f"{self.config.url}/v2/enqueue", content=content, headers=headers)
        body = answer.json()
        if not isinstance(body, dict) or body.get("status") != "success":
            raise TransportError(f"PagerDuty did not take the event: {str(body)[:200]}", permanent=True)
        return body
