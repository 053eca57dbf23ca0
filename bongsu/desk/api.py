"""A guided drill, started by a program in a person's name."""

from django.http import HttpRequest
from ninja import Router, Schema

from . import actions

router = Router(tags=["drill"])


class DrillOut(Schema):
    number: str


@router.post("/drill", response={201: DrillOut}, operation_id="start_drill")
def start_drill(request: HttpRequest) -> object:
    """An alert to practise on, and an incident whose command is offered to the caller. Nothing leaves the house."""
    return 201, actions.start_drill(request.actor)  # type: ignore[attr-defined]
