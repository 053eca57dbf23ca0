"""Slack's Web API through our own transport. `ok: false` with HTTP 200 is Slack's way to refuse.

Scopes needed: chat:write, channels:manage, channels:read, channels:history, groups:write, users:read.email.
A message carries our key in its metadata, so that after a crash the channel is searched before anything is posted again.
"""

from dataclasses import dataclass
from typing import Any

from bongsu.integrations.contract import Channel, Sent, TransportError, operation, secret, setting
from bongsu.kernel.transport import Answer, wait_asked

PASSING = frozenset({
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
    "team_added_to_org", "accesslimited",
})  # fmt: skip
TOO_FAST = frozenset({"ratelimited", "rate_limited"})
UNCERTAIN = frozenset({"internal_error", "fatal_error", "request_timeout"})  # it may have happened all the same
NAME_LENGTH = 80
TEXT_LENGTH = 40_000  # Slack cuts longer texts


@dataclass(frozen=True)
class Config:
    token: str = secret(label={"ko": "봇 토큰", "en": "Bot token"}, placeholder="xoxb-…")
    url: str = setting(label={"ko": "API 주소", "en": "Address of the API"}, kind="url", default="https://slack.com/api")


class Plugin(Channel):
    def test(self) -> str:
        body = self._asked("auth.test", {})
        return f"{body.get('team', '')}: {body.get('user', '')}"

    @operation(repeat="safe")
    def open_channel(self, key: str, *, name: str, topic: str = "", is_private: bool = False) -> Sent:
        """A name that is taken gets a number; one that we created for the same key before is taken as ours by its purpose."""
        wanted = channel_name(name)
        for count in range(1, 10):
            tried = wanted if count == 1 else f"{wanted[: NAME_LENGTH - 3]}-{count}"
            try:
                made = self._asked("conversations.create", {"name": tried, "is_private": is_private})["channel"]
                self._asked("conversations.setPurpose", {"channel": made["id"], "purpose": _mark(key)})
            except TransportError as error:
                if "name_taken" not in str(error):
                    raise
                made = self._ours(tried, key)
                if made is None:
                    continue
            if topic:
                self._asked("conversations.setTopic", {"channel": made["id"], "topic": topic[:250]})
            return Sent({"channel": made["id"], "name": made["name"], "asked_name": wanted}, made["id"])
        raise TransportError(f"the channel names {wanted} to {wanted}-9 are all taken", permanent=True)

    @operation(repeat="safe")
    def invite(self, key: str, *, channel: str, people: list[str]) -> Sent:
        """`people` by Slack id or by e-mail; those Slack does not know are told, the others are invited."""
        known, unknown = self._users(people)
        invited, already = [], []
        for user in known:
            try:
                self._asked("conversations.invite", {"channel": channel, "users": user})
                invited.append(user)
            except TransportError as error:
                if "already_in_channel" not in str(error) and "cant_invite_self" not in str(error):
                    raise
                already.append(user)
        return Sent({"channel": channel, "invited": invited, "already": already, "not_found": unknown}, channel)

    @operation(repeat="safe")
    def set_topic(self, key: str, *, channel: str, topic: str) -> Sent:
        self._asked("conversations.setTopic", {"channel": channel, "topic": topic[:250]})
        return Sent({"channel": channel}, channel)

    @operation(repeat="search")
    def post(self, key: str, *, channel: str, text: str, title: str = "", thread: str = "") -> Sent:
        """`channel`: an id, a #name, or a person (id or e-mail) for a direct message."""
        whole = f"*{title}*\n{text}" if title else text
        body: dict[str, Any] = {
            "channel": self._place(channel), "text": escaped(whole)[:TEXT_LENGTH], "unfurl_links": False,
            "metadata": {"event_type": "bongsu_message", "event_payload": {"key": key}},
        }  # fmt: skip
        if thread:
            body["thread_ts"] = thread
        answer = self._asked("chat.postMessage", body)
        return Sent({"channel": answer["channel"], "ts": answer["ts"]}, answer["ts"])

    def found_post(self, key: str, *, channel: str, text: str, title: str = "", thread: str = "") -> Sent | None:
        """The message an attempt we did not see the end of left, among the last 200 of its channel."""
        place = self._place(channel)
        body: dict[str, Any] = {"channel": place, "limit": "200", "include_all_metadata": "true"}
        if thread:
            body["ts"] = thread
        answer = self._read("conversations.replies" if thread else "conversations.history", body)
        for message in answer.get("messages", []):
            if message.get("metadata", {}).get("event_payload", {}).get("key") == key:
                return Sent({"channel": place, "ts": message["ts"]}, message["ts"])
        return None

    def _place(self, channel: str) -> str:
        if "@" in channel:
            known, _unknown = self._users([channel])
            if not known:
                raise TransportError(f"Slack does not know {channel}", permanent=True, not_sent=True)
            return known[0]
        return channel

    def _users(self, people: list[str]) -> tuple[list[str], list[str]]:
        known, unknown = [], []
        for person in people:
            if "@" not in person:
                known.append(person)
                continue
            try:
                known.append(self._read("users.lookupByEmail", {"email": person})["user"]["id"])
            except TransportError as error:
                if "users_not_found" not in str(error):
                    raise
                unknown.append(person)
        return list(dict.fromkeys(known)), unknown

    def _ours(self, name: str, key: str) -> dict[str, Any] | None:
        """The channel of this name when its purpose carries our key."""
        cursor = ""
        while True:
            params = {"limit": "200", "types": "public_channel,private_channel"} | ({"cursor": cursor} if cursor else {})
            body = self._read("conversations.list", params)
            for one in body.get("channels", []):
                if one["name"] == name:
                    return one if one.get("purpose", {}).get("value") == _mark(key) else None
            cursor = body.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                return None

    def _asked(self, method: str, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self.config.token}"}
        return _read(method, self.transport.send("POST", f"{self.config.url}/{method}", body=body, headers=headers))

    def _read(self, method: str, params: dict[str, str]) -> Any:
        headers = {"Authorization": f"Bearer {self.config.token}"}
        return _read(method, self.transport.get(f"{self.config.url}/{method}", params=params, headers=headers))


def _read(method: str, answer: Answer) -> Any:
    body = answer.json()
    if isinstance(body, dict) and body.get("ok") is True:
        return body
    said = body.get("error", "unknown") if isinstance(body, dict) else "unknown"
    needed = f" (needed: {body['needed']})" if isinstance(body, dict) and body.get("needed") else ""
    raise TransportError(
        f"Slack {method}: {said}{needed}", permanent=said not in PASSING, status=429 if said in TOO_FAST else answer.status,
        retry_after=wait_asked(answer.headers.get("retry-after", "")), not_sent=said not in UNCERTAIN,
    )  # fmt: skip


def _mark(key: str) -> str:
    return f"Bongsu {key}"[:250]


def channel_name(name: str) -> str:
    """By Slack's rule: lower case letters (any script), digits, hyphen and underscore, at most 80."""
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in name.strip().lower().lstrip("#"))
    while "--" in kept:
        kept = kept.replace("--", "-")
    return kept.strip("-")[:NAME_LENGTH] or "incident"


def escaped(text: str) -> str:
    """Slack's three control characters: nothing in a text may mention a whole channel or hide a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
