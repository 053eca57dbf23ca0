"""Reads about AI systems."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Q, QuerySet

from bongsu.events.queries import visible
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid, NotFound
from bongsu.kernel.refs import ref
from bongsu.kernel.text import gettext_noop as _

from .models import AISystem
from .rules import Known, match


def systems(actor: Actor, *, search: str = "", stage: str = "", is_high_risk: bool | None = None) -> QuerySet[AISystem]:
    """The AI systems the actor may see. `search` looks in name, key and registered model."""
    rows = AISystem.objects.filter(visible(actor)).select_related("entity", "owner")
    for word in search.replace("\x00", "").split()[:5]:
        rows = rows.filter(Q(name__icontains=word) | Q(key__icontains=word) | Q(registry_model__icontains=word))
    if stage:
        rows = rows.filter(stage=stage)
    return rows if is_high_risk is None else rows.filter(is_high_risk=is_high_risk)


def system(actor: Actor, id: UUID) -> AISystem:
    """The AI system with this id; NotFound when there is none the actor may see."""
    found = systems(actor).filter(pk=id).first()
    if found is None:
        raise NotFound(_("There is no such AI system."))
    return found


def named(actor: Actor, name: str) -> AISystem:
    """The AI system with this id or key; Invalid when there is none the actor may see."""
    try:
        found = systems(actor).filter(pk=UUID(name)).first()
    except ValueError:
        found = systems(actor).filter(key=name[:60].replace("\x00", "")).first()
    if found is None:
        said = _("There is no such AI system.")
        raise Invalid(said, fields={"system": said})
    return found


class Registered:
    """The systems in use, read once for many signals."""

    def __init__(self, rows: Iterable[AISystem]) -> None:
        self._rows = {str(row.pk): row for row in rows}
        self._known = [Known(pk, row.key, row.registry_model, row.labels) for pk, row in self._rows.items()]

    def by_labels(self, labels: Mapping[str, str]) -> AISystem | None:
        """The system that labels of a signal mean (`system`, its own labels, `model`, `service`); None rather than a guess."""
        found = match(labels, self._known)
        return self._rows[found[0]] if found else None


def registered() -> Registered:
    return Registered(AISystem.objects.exclude(stage="retired").select_related("entity"))


def by_labels(labels: Mapping[str, str]) -> AISystem | None:
    """`Registered.by_labels` for one signal."""
    return registered().by_labels(labels)


def scopes() -> dict[str, str]:
    """The systems for which posts are held: reference -> name."""
    rows = AISystem.objects.exclude(stage="retired").values_list("id", "name")
    return {ref("system", pk): name for pk, name in rows.order_by("name")}
