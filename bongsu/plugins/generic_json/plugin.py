"""Any JSON, with a mapping of dotted paths: for senders that have no plug-in of their own.

    {"title": "rule.name", "dedupe_key": "rule.id", "about.model": "tags.model", "measure.value": "metrics.0.value"}

A path walks objects by name and lists by number; `=text` is that very text. `each` names a list whose entries are one
signal each (paths inside begin at the entry, with `$.` at the whole body).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bongsu.integrations.contract import Measure, Received, Signal, Source, Unreadable, setting

PLACES = (
    "title", "dedupe_key", "state", "source_event_id", "episode_start", "detected_at", "group_key", "source_severity", "text",
    "measure.name", "measure.value", "measure.threshold", "measure.direction", "measure.unit", "measure.n",
)  # fmt: skip
ABOUT = ("system", "model", "version", "environment", "tenant", "dataset", "feature")
DIRECTIONS: dict[str, Literal["higher_is_worse", "lower_is_worse", "p_value"]] = {
    "higher_is_worse": "higher_is_worse", "lower_is_worse": "lower_is_worse", "p_value": "p_value",
}  # fmt: skip


@dataclass(frozen=True)
class Config:
    mapping: Mapping[str, str] = setting(
        label={"ko": "필드 연결 (JSON)", "en": "Mapping (JSON)"},
        help={
            "ko": "자리 이름에 본문의 경로를 연결합니다. title과 dedupe_key는 꼭 있어야 합니다. 예: {\"title\": \"rule.name\"}",
            "en": "Connects a place with a path in the body. title and dedupe_key are needed: {\"title\": \"rule.name\"}",
        },
        kind="json",
    )  # fmt: skip
    each: str = setting(
        label={"ko": "신호 목록의 경로", "en": "Path of the list of signals"},
        help={"ko": "비우면 본문 하나가 신호 하나입니다.", "en": "Empty: the body is one signal."}, default="",
    )  # fmt: skip
    resolved_words: tuple[str, ...] = setting(
        label={"ko": "해소를 뜻하는 state 값 (한 줄에 하나)", "en": "Values of state that mean resolved (one a line)"},
        kind="lines", default=("resolved", "ok", "recovered", "closed"),
    )  # fmt: skip


class Plugin(Source):
    def parse(self, received: Received) -> list[Signal]:
        self._check()
        try:
            body = json.loads(received.body)
        except ValueError as error:
            raise Unreadable("the body is not JSON") from error
        rows = at_path(body, self.config.each, body) if self.config.each else [body]
        if not isinstance(rows, list):
            raise Unreadable(f"{self.config.each}: a list is needed")
        return [self._signal(row, body) for row in rows]

    def test(self) -> str:
        self._check()
        return "ok"

    def _check(self) -> None:
        mapping = self.config.mapping
        if not isinstance(mapping, dict):
            raise Unreadable("mapping: an object of place and path is needed")
        for place, path in mapping.items():
            if place not in PLACES and not place.startswith(("about.", "labels.")):
                raise Unreadable(f"mapping: there is no place {place}")
            if place.startswith("about.") and place.removeprefix("about.") not in ABOUT:
                raise Unreadable(f"mapping: {place} is none of {', '.join(ABOUT)}")
            if not isinstance(path, str):
                raise Unreadable(f"mapping.{place}: a path is needed")
        for needed in ("title", "dedupe_key"):
            if not mapping.get(needed):
                raise Unreadable(f"mapping: {needed} is needed")

    def _signal(self, row: Any, body: Any) -> Signal:
        found = {place: at_path(row, path, body) for place, path in self.config.mapping.items()}
        text = {place: _text(value) for place, value in found.items()}
        for needed in ("title", "dedupe_key"):
            if not text[needed]:
                raise Unreadable(f"{needed}: nothing stands at {self.config.mapping[needed]}")
        starts = _moment(found.get("episode_start"), "episode_start")
        return Signal(
            dedupe_key=text["dedupe_key"],
            title=text["title"],
            state=self._state(text.get("state", "")),
            source_event_id=text.get("source_event_id", ""),
            episode_start=starts,
            detected_at=_moment(found.get("detected_at"), "detected_at") or starts,
            group_key=text.get("group_key", ""),
            source_severity=text.get("source_severity", ""),
            text=text.get("text", ""),
            about={p.removeprefix("about."): t for p, t in text.items() if p.startswith("about.") and t},
            measure=_measure(found, text),
            labels={p.removeprefix("labels."): t for p, t in text.items() if p.startswith("labels.") and t},
        )

    def _state(self, word: str) -> Literal["open", "resolved"]:
        return "resolved" if word.lower() in [w.lower() for w in self.config.resolved_words] else "open"


def at_path(row: Any, path: str, body: Any) -> Any:
    """What stands at a dotted path; None when nothing does."""
    if path.startswith("="):
        return path[1:]
    if path.startswith("$."):
        row, path = body, path[2:]
    for part in path.split("."):
        if isinstance(row, dict):
            row = row.get(part)
        elif isinstance(row, list) and part.lstrip("-").isdigit():
            row = row[int(part)] if -len(row) <= int(part) < len(row) else None
        else:
            return None
    return row


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moment(value: Any, place: str) -> datetime | None:
    """RFC 3339, or seconds or milliseconds since 1970."""
    if value in (None, ""):
        return None
    try:
        if isinstance(value, (int, float)) or str(value).replace(".", "", 1).isdigit():
            seconds = float(value)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise Unreadable(f"{place}: {str(value)[:60]} is no moment") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _measure(found: dict[str, Any], text: dict[str, str]) -> Measure | None:
    value = _number(found.get("measure.value"))
    if value is None:
        return None
    direction = text.get("measure.direction", "")
    n = _number(found.get("measure.n"))
    return Measure(
        name=text.get("measure.name") or "value", value=value, threshold=_number(found.get("measure.threshold")),
        direction=DIRECTIONS.get(direction, "higher_is_worse"), unit=text.get("measure.unit", ""),
        n=int(n) if n is not None else None,
    )  # fmt: skip


def _number(value: Any) -> float | None:
    """A number, also as text ("0.41"): some senders quote theirs."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number == number and abs(number) != float("inf") else None
