"""An empty triage desk: what is proven goes along the chain of stand-ins, what proves nothing wakes no executive (B3, D3)."""

from typing import Any

import pytest

from bongsu.comms.models import Message
from bongsu.people.actions import remove_post_holder, set_post_holder
from bongsu.people.models import Holding

from .conftest import alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def nobody(desk: Any, root: Any, bora: Any) -> Any:
    """Bora is CISO, whom the desk falls back to; the desk itself is empty."""
    set_post_holder(root, post="ciso", person=bora.person_id)
    remove_post_holder(root, holding=Holding.objects.get(post__key="triage_desk").id, reason="moved on")
    return bora


@pytest.mark.parametrize("is_proven", [True, False])
def test_B3_an_empty_desk_wakes_the_ciso_only_for_what_is_proven(
    is_proven: bool, nobody: Any, root: Any, connect: Any, post: Any, drain: Any, night: Any
) -> None:
    _row, token = connect(signature="header" if is_proven else "none")
    assert post(token, alert(summary="personal data of customers was leaked", severity="critical")).status_code == 202
    drain()
    asked = set(Message.objects.filter(purpose="triage").values_list("person_id", flat=True))
    assert asked == ({nobody.person_id} if is_proven else {root.person_id})  # else those who keep the house
