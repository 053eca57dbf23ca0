"""A Slack that remembers and is as strict as the real one: tokens, scopes, names, membership, rates, `ts`."""

import itertools
import json
import re
import time
from typing import Any

from tests.fakes.serving import Asked, Fake, Told, stand_alone

TOKEN = "xoxb-fake-token"
NAME = re.compile(r"[^\sA-Z.!@#$%^&*()+=\[\]{}|\\;:'\",<>/?~`]{1,80}")
READS = {"conversations.list", "conversations.history", "conversations.replies", "users.lookupByEmail", "auth.test"}


class Refusal(Exception):
    pass


class FakeSlack(Fake):
    """`people` by e-mail; `per_method` how many calls of one method are let through in `window` seconds (None: all)."""

    def __init__(self, token: str = TOKEN, per_method: int | None = None, window: float = 60) -> None:
        super().__init__()
        self.token, self.per_method, self.window = token, per_method, window
        self.people: dict[str, str] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.calls: dict[str, list[float]] = {}
        self.numbers = itertools.count(1)

    def add_person(self, email: str) -> str:
        self.people[email] = f"U{len(self.people) + 1:08d}"
        return self.people[email]

    def channel_named(self, name: str) -> dict[str, Any] | None:
        return next((c for c in self.channels.values() if c["name"] == name), None)

    def answer(self, asked: Asked) -> Told:
        method = asked.path.removeprefix("/api/")
        if self._is_too_fast(method):
            return Told({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(int(self.window))})
        run = getattr(self, "do_" + method.replace(".", "_").lower(), None)
        try:
            if run is None:
                raise Refusal("unknown_method")
            return Told({"ok": True, **run(self._arguments(method, asked))})
        except Refusal as refusal:
            return Told({"ok": False, "error": str(refusal)})

    def _is_too_fast(self, method: str) -> bool:
        if self.per_method is None:
            return False
        recent = [at for at in self.calls.get(method, []) if time.monotonic() - at < self.window]
        self.calls[method] = recent
        if len(recent) >= self.per_method:
            return True
        recent.append(time.monotonic())
        return False

    def _arguments(self, method: str, asked: Asked) -> dict[str, Any]:
        given = asked.headers.get("authorization", "")
        if not given:
            raise Refusal("not_authed")
        if given != f"Bearer {self.token}":
            raise Refusal("invalid_auth")
        if asked.method == "GET" or method in READS:
            return dict(asked.query)
        if not asked.headers.get("content-type", "").startswith("application/json"):
            raise Refusal("invalid_post_type")
        try:
            return dict(json.loads(asked.body))
        except (ValueError, TypeError) as error:
            raise Refusal("invalid_json") from error

    def do_auth_test(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {"team": "Fake", "user": "bongsu", "user_id": "UBOT", "bot_id": "BBOT"}

    def do_conversations_create(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name = arguments.get("name", "")
        if not name:
            raise Refusal("invalid_name_required")
        if len(name) > 80:
            raise Refusal("invalid_name_maxlength")
        if not NAME.fullmatch(name):
            raise Refusal("invalid_name_specials")
        if self.channel_named(name):
            raise Refusal("name_taken")
        made = {
            "id": f"C{next(self.numbers):08d}", "name": name, "is_private": bool(arguments.get("is_private")),
            "topic": {"value": ""}, "purpose": {"value": ""}, "members": ["UBOT"], "is_archived": False,
        }  # fmt: skip
        self.channels[made["id"]] = made
        return {"channel": made}

    def _channel(self, arguments: dict[str, Any], *, must_be_member: bool = True) -> dict[str, Any]:
        wanted = str(arguments.get("channel", ""))
        found = self.channels.get(wanted) or self.channel_named(wanted.lstrip("#"))
        if found is None:
            raise Refusal("channel_not_found")
        if found["is_archived"]:
            raise Refusal("is_archived")
        if must_be_member and "UBOT" not in found["members"]:
            raise Refusal("not_in_channel")
        return found

    def do_conversations_settopic(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if len(arguments.get("topic", "")) > 250:
            raise Refusal("too_long")
        channel = self._channel(arguments)
        channel["topic"] = {"value": arguments.get("topic", "")}
        return {"channel": channel}

    def do_conversations_setpurpose(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if len(arguments.get("purpose", "")) > 250:
            raise Refusal("too_long")
        channel = self._channel(arguments)
        channel["purpose"] = {"value": arguments.get("purpose", "")}
        return {"purpose": arguments.get("purpose", "")}

    def do_conversations_invite(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(arguments)
        for user in str(arguments.get("users", "")).split(","):
            if user == "UBOT":
                raise Refusal("cant_invite_self")
            if user not in self.people.values():
                raise Refusal("user_not_found")
            if user in channel["members"]:
                raise Refusal("already_in_channel")
            channel["members"].append(user)
        return {"channel": channel}

    def do_conversations_list(self, arguments: dict[str, Any]) -> dict[str, Any]:
        rows, start = list(self.channels.values()), int(arguments.get("cursor") or 0)
        end = start + min(int(arguments.get("limit", 100)), 1000)
        return {"channels": rows[start:end], "response_metadata": {"next_cursor": str(end) if end < len(rows) else ""}}

    def do_conversations_history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        place = self._place(arguments)
        rows = [dict(m) for m in reversed(self.messages.get(place, []))][: int(arguments.get("limit", 100))]
        if arguments.get("include_all_metadata") != "true":
            for row in rows:
                row.pop("metadata", None)
        return {"messages": rows, "has_more": False}

    def do_conversations_replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        rows = self.do_conversations_history(arguments)["messages"]
        kept = [m for m in rows if arguments.get("ts") in (m["ts"], m.get("thread_ts"))]
        if not kept:
            raise Refusal("thread_not_found")
        return {"messages": kept}

    def do_users_lookupbyemail(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = self.people.get(arguments.get("email", ""))
        if user is None:
            raise Refusal("users_not_found")
        return {"user": {"id": user, "profile": {"email": arguments["email"]}}}

    def _place(self, arguments: dict[str, Any]) -> str:
        wanted = str(arguments.get("channel", ""))
        return f"D{wanted[1:]}" if wanted in self.people.values() else str(self._channel(arguments)["id"])

    def do_chat_postmessage(self, arguments: dict[str, Any]) -> dict[str, Any]:
        text = arguments.get("text", "")
        if not text:
            raise Refusal("no_text")
        if len(text) > 40_000:
            raise Refusal("msg_too_long")
        place = self._place(arguments)
        message = {"ts": f"{1_700_000_000 + next(self.numbers)}.000100", "text": text, "user": "UBOT"}
        if arguments.get("thread_ts"):
            message["thread_ts"] = arguments["thread_ts"]
        if metadata := arguments.get("metadata"):
            if not (isinstance(metadata, dict) and {"event_type", "event_payload"} <= metadata.keys()):
                raise Refusal("invalid_metadata_format")
            message["metadata"] = metadata
        self.messages.setdefault(place, []).append(message)
        return {"channel": place, "ts": message["ts"], "message": message}


if __name__ == "__main__":
    stand_alone(FakeSlack())
