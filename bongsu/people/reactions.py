"""What allauth and Django say at the door becomes facts."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from bongsu.kernel.actors import ANONYMOUS

from .actions import sign_in
from .models import Person
from .queries import actor_of


def address_of(request: HttpRequest | None) -> str:
    return request.META.get("REMOTE_ADDR", "") if request else ""


@receiver(account.user_logged_in, dispatch_uid="people.signed_in")
def signed_in(request: HttpRequest, user: Person, **kwargs: Any) -> None:
    sign_in.note_sign_in(actor_of(user), person=user, address=address_of(request))


@receiver(user_logged_out, dispatch_uid="people.signed_out")
def signed_out(request: HttpRequest, user: Person | None, **kwargs: Any) -> None:
    if user is not None:
        sign_in.note_sign_out(actor_of(user), person=user, address=address_of(request))


@receiver(user_login_failed, dispatch_uid="people.sign_in_failed")
def sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    email = str(credentials.get("email") or credentials.get("username") or "")
    sign_in.note_failed_sign_in(ANONYMOUS, email=email, address=address_of(request), step="password")


@receiver(mfa.authentication_failed, dispatch_uid="people.second_factor_failed")
def second_factor_failed(request: HttpRequest, user: Person, **kwargs: Any) -> None:
    sign_in.note_failed_sign_in(ANONYMOUS, email=user.email, address=address_of(request), step="second factor")


@receiver(account.password_set, dispatch_uid="people.password_set")
def password_set(user: Person, **kwargs: Any) -> None:
    sign_in.note_password(actor_of(user), person=user, way="set")


@receiver(account.password_changed, dispatch_uid="people.password_changed")
def password_changed(user: Person, **kwargs: Any) -> None:
    sign_in.note_password(actor_of(user), person=user, way="changed")


@receiver(account.password_reset, dispatch_uid="people.password_reset")
def password_reset(user: Person, **kwargs: Any) -> None:
    sign_in.note_password(actor_of(user), person=user, way="reset")


@receiver(mfa.authenticator_added, dispatch_uid="people.second_factor_added")
def second_factor_added(user: Person, authenticator: Any, **kwargs: Any) -> None:
    sign_in.note_second_factor(actor_of(user), person=user, kind=authenticator.type, change="added")


@receiver(mfa.authenticator_removed, dispatch_uid="people.second_factor_removed")
def second_factor_removed(user: Person, authenticator: Any, **kwargs: Any) -> None:
    sign_in.note_second_factor(actor_of(user), person=user, kind=authenticator.type, change="removed")


@receiver(mfa.authenticator_reset, dispatch_uid="people.second_factor_reset")
def second_factor_reset(user: Person, authenticator: Any, **kwargs: Any) -> None:
    sign_in.note_second_factor(actor_of(user), person=user, kind=authenticator.type, change="reset")
