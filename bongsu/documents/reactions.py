"""A decision taken on the approvals page moves the document like one taken on its own page."""

from bongsu.approvals.facts import ApprovalGranted, ApprovalRefused
from bongsu.events.listening import on
from bongsu.events.models import Event
from bongsu.kernel.actors import system

from . import actions
from .rules.review import PURPOSES


@on(ApprovalGranted, ApprovalRefused)
def follow_decision(event: Event, fact: ApprovalGranted | ApprovalRefused) -> None:
    if fact.purpose in PURPOSES.values():
        actions.apply_decision(system("documents"), approval=fact.approval)
