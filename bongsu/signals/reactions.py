"""What signals do when facts arrive, time passes, or deliveries wait."""

import logging
from datetime import datetime
from uuid import UUID

from bongsu.events.facts import Restricted
from bongsu.events.listening import on, on_timer
from bongsu.events.models import Event, Timer
from bongsu.events.work import register_work
from bongsu.kernel.actors import system
from bongsu.kernel.clock import now

from . import actions
from .actions import draining
from .actions.receiving import WORK
from .facts import IncidentProposed, ProposalRaised
from .models import Receipt

log = logging.getLogger(__name__)
SELF = system("signals")


@on(IncidentProposed)
def page_triage(event: Event, fact: IncidentProposed) -> None:
    actions.ask_triage(SELF, proposal=UUID(fact.proposal))


@on(ProposalRaised)
def page_triage_again(event: Event, fact: ProposalRaised) -> None:
    actions.ask_triage(SELF, proposal=UUID(fact.proposal))


@on(Restricted)
def hide_what_led_to_it(event: Event, fact: Restricted) -> None:
    if fact.subject.startswith("incident:"):
        actions.hide_proposals(SELF, incident=fact.subject, reason="incident")


@on_timer("signals.proposal")
def follow_up(timer: Timer) -> None:
    actions.follow_up(SELF, proposal=UUID(timer.data["proposal"]))


class Receipts:
    """Keys are connections. A batch that breaks is tried one by one, so that one poisoned delivery holds nobody up."""

    name = WORK

    def run(self, key: str) -> datetime | None:
        try:
            done = actions.drain_receipts(SELF, connection=key)
        except Exception:
            log.exception("a batch of %s broke; its deliveries are taken one by one", key)
            done = self._one_by_one(key)
        return now() if done else self._next(key)

    def _one_by_one(self, key: str) -> int:
        waiting = draining.due_receipts(key)
        for receipt in waiting:
            try:
                actions.drain_receipts(SELF, connection=key, only=receipt)
            except Exception as error:
                log.exception("delivery %s broke its handling", receipt)
                draining.put_off(SELF, receipt=receipt, error=f"{type(error).__name__}: {error}")
        return len(waiting)

    def _next(self, key: str) -> datetime | None:
        rows = Receipt.objects.filter(connection_id=key, state="waiting").order_by("due_at")
        return rows.values_list("due_at", flat=True).first()

    def due(self, moment: datetime, limit: int) -> list[str]:
        rows = Receipt.objects.filter(state="waiting", due_at__lte=moment).order_by("due_at")
        return list(dict.fromkeys(str(key) for key in rows.values_list("connection_id", flat=True)[:limit]))

    def next_at(self) -> datetime | None:
        return Receipt.objects.filter(state="waiting").order_by("due_at").values_list("due_at", flat=True).first()


register_work(Receipts())
