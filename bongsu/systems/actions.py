"""The only writers of AI systems."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from bongsu.events.actions import action, open_subject, record
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Conflict, Invalid, NotFound
from bongsu.kernel.refs import ref, uuid7
from bongsu.kernel.text import gettext_noop as _
from bongsu.people.models import LegalEntity, Person

from .facts import GoodVersionMarked, SystemChanged, SystemRegistered
from .models import AISystem
from .queries import system as seen_system
from .rules import bad_system

INVALID = _("Some of this cannot be used.")
TEXTS = {"description": 10_000, "registry_model": 200, "registry_alias": 100, "serving_url": 500, "good_version": 60}


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The given fields, each usable; texts stripped, entity and owner found."""
    clean = {k: v.strip() if isinstance(v, str) else v for k, v in values.items()}
    wrong: dict[str, Any] = dict(bad_system(clean))
    for field, most in TEXTS.items():
        if len(clean.get(field) or "") > most:
            wrong[field] = _("This is too long.")
    if "entity" in clean:
        clean["entity"] = LegalEntity.objects.filter(pk=clean["entity"], is_active=True).first()
        if clean["entity"] is None:
            wrong["entity"] = _("There is no such legal entity.")
    if clean.get("owner") is not None:
        clean["owner"] = Person.objects.filter(pk=clean["owner"], is_active=True).first()
        if clean["owner"] is None:
            wrong["owner"] = _("There is no such active person.")
    if wrong:
        raise Invalid(INVALID, fields=wrong)
    return clean


@action
def register_system(
    actor: Actor,
    *,
    key: str,
    name: str,
    entity: UUID,
    description: str = "",
    owner: UUID | None = None,
    stage: str = "production",
    regions: Sequence[str] = (),
    is_high_risk: bool = False,
    users_estimate: int | None = None,
    registry_model: str = "",
    registry_alias: str = "",
    serving_url: str = "",
    good_version: str = "",
    labels: Mapping[str, str] | None = None,
) -> AISystem:
    """Add an AI system; refuses a key that is taken and what its rules refuse, field by field."""
    actor.require("people.manage")
    values = _checked(
        {
            "key": key, "name": name, "entity": entity, "description": description, "owner": owner, "stage": stage,
            "regions": list(regions), "is_high_risk": is_high_risk, "users_estimate": users_estimate,
            "registry_model": registry_model, "registry_alias": registry_alias, "serving_url": serving_url,
            "good_version": good_version, "labels": dict(labels or {}),
        }
    )  # fmt: skip
    if AISystem.objects.filter(key=values["key"]).exists():
        raise Conflict(_("The key “{key}” is taken."), key=key, fields={"key": _("This key is taken.")})
    row = AISystem(id=uuid7(), **values)
    row.subject = open_subject(actor, subject=row.ref)
    row.save()
    stated = SystemRegistered(
        subject=row.ref, key=row.key, title=row.name, entity=row.entity.key, stage=row.stage, is_high_risk=row.is_high_risk
    )
    record(actor, stated)
    return row


CHANGEABLE = (
    "name entity description owner stage regions is_high_risk users_estimate registry_model registry_alias serving_url "
    "good_version labels"
).split()


@action
def change_system(actor: Actor, *, system: UUID, changes: Mapping[str, Any]) -> AISystem:
    """Change the named fields (`owner` and `users_estimate` may be None); the key stays. Refuses unknown fields."""
    actor.require("people.manage")
    seen_system(actor, system)
    if unknown := sorted(set(changes) - set(CHANGEABLE)):
        raise Invalid(INVALID, fields=dict.fromkeys(unknown, _("This cannot be changed.")))
    row = AISystem.objects.select_for_update().get(pk=system)
    new = _checked(dict(changes))
    changed = [field for field, value in new.items() if getattr(row, field) != value]
    if not changed:
        return row
    before = {field: _said(getattr(row, field)) for field in changed}
    for field in changed:
        setattr(row, field, new[field])
    row.save(update_fields=changed)
    after = {field: _said(new[field]) for field in changed}
    record(actor, SystemChanged(subject=row.ref, title=row.name, fields=changed, before=before, after=after))
    return row


def _said(value: Any) -> Any:
    """The value as the ledger keeps it: people and entities by reference."""
    if isinstance(value, Person):
        return value.ref
    return ref("entity", value.pk) if isinstance(value, LegalEntity) else value


@action
def mark_good_version(actor: Actor, *, system: UUID, version: str) -> AISystem:
    """Name the model version a roll-back goes to; refuses an empty one."""
    actor.require("containment.execute")
    seen_system(actor, system)
    if not version.strip() or len(version.strip()) > 60:
        raise Invalid(INVALID, fields={"version": _("Name a version of at most 60 characters.")})
    row = AISystem.objects.select_for_update().filter(pk=system).first()
    if row is None:
        raise NotFound(_("There is no such AI system."))
    before, row.good_version = row.good_version, version.strip()
    row.save(update_fields=["good_version"])
    record(actor, GoodVersionMarked(subject=row.ref, title=row.name, version=row.good_version, before=before))
    return row
