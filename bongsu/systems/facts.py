"""What is stated about AI systems."""

from typing import Any

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("systems.registered")
class SystemRegistered(Fact):
    sentence = _("{actor} registered the AI system {title} ({key})")
    icon = "system"
    key: str
    title: str
    entity: str
    stage: str
    is_high_risk: bool


@fact("systems.changed")
class SystemChanged(Fact):
    sentence = _("{actor} changed {fields} of {title}")
    icon = "system"
    title: str
    fields: list[str]
    before: dict[str, Any]
    after: dict[str, Any]


@fact("systems.good_version_marked")
class GoodVersionMarked(Fact):
    sentence = _("{actor} marked version {version} of {title} as the good one to go back to")
    icon = "system"
    title: str
    version: str
    before: str
