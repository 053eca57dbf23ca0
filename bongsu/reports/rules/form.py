"""The pack's report form, cut into its parts: each heading of the second level is one, known by the places it holds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bongsu.packs.rules.templates import places, render

KIND = "incident-report"
HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
LABELLED = re.compile(r"^[-*] +([^:：]+)[:：]\s*(.*)$")
# Which place makes a part what it is. An overlay pack may name its headings as it likes.
PART_OF = {
    "incident_id": "basics",
    "summary": "summary",
    "timeline": "timeline",
    "root_cause": "root_cause",
    "root_cause_technical": "root_cause",
    "impact": "impact",
    "users_affected": "impact",
    "interruption": "impact",
    "mitigation_temporary": "mitigation",
    "mitigation_permanent": "mitigation",
    "action_items": "action_items",
    "lessons_process": "lessons",
    "lessons_prevention": "lessons",
}
BASICS = "basics"


@dataclass(frozen=True)
class Section:
    """A part of the form: its key, its heading and its text with places."""

    key: str
    title: str
    text: str


def sections(body: str) -> list[Section]:
    """The parts of a form in order; a part without a place that we know is called by its number."""
    cut = HEADING.split(body)
    found, used = [], set()
    for number, (title, text) in enumerate(zip(cut[1::2], cut[2::2], strict=True), start=1):
        key = next((PART_OF[place] for place in places(text) if place in PART_OF), f"part-{number}")
        key = key if key not in used else f"{key}-{number}"
        used.add(key)
        found.append(Section(key, title, text.strip()))
    return found


def filled(section: Section, values: Mapping[str, str]) -> str:
    """The part's text with its places filled; headings inside stand one level below the part's own."""
    return re.sub(r"\n{3,}", "\n\n", render(section.text, values)).strip()


def basics(section: Section, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """The labelled lines of the basic data as (label, value)."""
    return [
        (found[1].strip(), found[2].strip()) for line in filled(section, values).splitlines() if (found := LABELLED.match(line))
    ]
