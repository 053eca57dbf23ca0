"""What an AI system's record must look like, and which system a set of labels means. Plain values only."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bongsu.kernel.text import gettext_noop as _

STAGES = ("development", "testing", "production", "retired")
STAGE_TITLES = {
    "development": _("In development"),
    "testing": _("In testing"),
    "production": _("In production"),
    "retired": _("Retired"),
}
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,39}")
MOST_LABELS = 20


def bad_system(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a system's fields, by field; empty when nothing is."""
    checks: dict[str, tuple[Callable[[Any], bool], str]] = {
        "key": (_is_key, _("Use lower-case letters, digits and hyphens.")),
        "name": (_is_name, _("A name of at most 160 characters is needed.")),
        "stage": (_is_stage, _("Unknown stage: choose development, testing, production or retired.")),
        "regions": (_are_regions, _("Regions are short names such as KR or eu-west.")),
        "users_estimate": (_is_count, _("The number of users is zero or more.")),
        "serving_url": (_is_address, _("Use an address that begins with http:// or https://.")),
        "labels": (_are_labels, _("Labels are pairs such as model=credit-score, at most 20.")),
    }
    return {field: message for field, (is_good, message) in checks.items() if field in values and not is_good(values[field])}


def _is_key(value: str) -> bool:
    return bool(KEY.fullmatch(value))


def _is_name(value: str) -> bool:
    return 0 < len(value.strip()) <= 160


def _is_stage(value: str) -> bool:
    return value in STAGES


def _are_regions(value: Iterable[str]) -> bool:
    return all(isinstance(region, str) and REGION.fullmatch(region) for region in value)


def _is_count(value: int | None) -> bool:
    return value is None or 0 <= value < 2**31


def _is_address(value: str) -> bool:
    if not value:
        return True
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        return False


def _are_labels(value: Mapping[str, str]) -> bool:
    pairs = list(value.items())
    return len(pairs) <= MOST_LABELS and all(LABEL.fullmatch(k) and isinstance(v, str) and 0 < len(v) <= 200 for k, v in pairs)


@dataclass(frozen=True)
class Known:
    """A system as the rules see it."""

    id: str
    key: str
    registry_model: str
    labels: Mapping[str, str]


def match(labels: Mapping[str, str], systems: Iterable[Known]) -> tuple[str, str] | None:
    """The system these labels mean, and by what; None when none or more than one do, rather than a guess.

    In this order: the label `system` is a key; the system's own labels are all there (the one with most labels wins);
    `model` is the registered model; `service` is a key.
    """
    known = list(systems)
    tries = (
        ("system", [k.id for k in known if labels.get("system") == k.key]),
        ("labels", _most_labels(labels, known)),
        ("model", [k.id for k in known if k.registry_model and labels.get("model") in (k.registry_model, k.key)]),
        ("service", [k.id for k in known if labels.get("service") == k.key]),
    )
    for how, found in tries:
        if len(found) == 1:
            return found[0], how
        if found:
            return None
    return None


def _most_labels(labels: Mapping[str, str], known: list[Known]) -> list[str]:
    fitting = [k for k in known if k.labels and all(labels.get(name) == value for name, value in k.labels.items())]
    most = max((len(k.labels) for k in fitting), default=0)
    return [k.id for k in fitting if len(k.labels) == most]
