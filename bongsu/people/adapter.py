"""How allauth behaves here: nobody signs up, and no mail leaves past the outgoing gate."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from bongsu.kernel.actors import ANONYMOUS

from .actions.sign_in import note_link_wanted


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by an administrator."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Who forgot a password is put on the record, for an administrator or a listener to make the link."""
        if template_prefix == "account/email/password_reset_key":
            note_link_wanted(ANONYMOUS, email=email)
