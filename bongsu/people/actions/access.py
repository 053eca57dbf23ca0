"""Access roles, API tokens and links to set a password."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.urls import reverse

from bongsu.events.actions import action, record
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, Invalid, NotFound, Refused
from bongsu.kernel.secrets import token_hash
from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text

from ..facts import RoleGranted, RoleRevoked, SecondFactorChanged, SignInLinkMade, TokenCreated, TokenRevoked
from ..models import AccessGrant, ApiToken, Person
from ..queries import roles_of
from ..rules import ALL_GRANTS, ROLES, grants_of, last_administrator, new_token
from .ground import locked, manager_or_self, not_oneself, reason_given, recheck, record_of


def keep_an_administrator(leaving: UUID) -> None:
    """Refuse when nobody would be left who keeps people; the rows are locked, so that two cannot leave at once."""
    rows = AccessGrant.objects.select_for_update(of=("self", "person")).current()
    left = rows.filter(role="administrator", person__is_active=True).select_related("person")
    if last_administrator([str(row.person_id) for row in left], str(leaving)):
        raise Refused(_("This is the last administrator: name another one first."))


@action
def grant_role(actor: Actor, *, person: UUID, role: str) -> None:
    """Give an access role; nothing happens when it is held already. Refuses an unknown role."""
    actor.require("people.manage")
    row = locked(person)
    if not AccessGrant.objects.current().filter(person=row, role=role).exists():
        record_of(actor, row)
        give_role(actor, row, role)


def give_role(actor: Actor, row: Person, role: str) -> None:
    """Inside other actions: a role that the person does not have, whose record is there."""
    if role not in ROLES:
        raise Invalid(_("Unknown access role: {role}."), role=role, fields={"role": _("Choose one of the access roles.")})
    AccessGrant.objects.create(person=row, role=role)
    record(actor, RoleGranted(subject=row.ref, who=row.name, role=role))
    recheck()


@action
def revoke_role(actor: Actor, *, person: UUID, role: str, reason: str) -> None:
    """Take an access role away; refuses when the last administrator would go."""
    actor.require("people.manage")
    why = reason_given(reason)
    if role == "administrator":
        keep_an_administrator(person)
    row = locked(person)
    if not AccessGrant.objects.current().filter(person=row, role=role).update(ended_at=clock.now()):
        raise NotFound(_("{who} does not have this access role."), who=row.name)
    record(actor, RoleRevoked(subject=record_of(actor, row), who=row.name, role=role, reason=why))
    recheck()


def _check_scopes(scopes: Sequence[str], held: frozenset[str]) -> None:
    unknown = sorted(set(scopes) - ALL_GRANTS)
    if unknown:
        raise Invalid(_("Unknown scope: {scopes}."), scopes=", ".join(unknown), fields={"scopes": _("Unknown scope.")})
    beyond = sorted(set(scopes) - held)
    if beyond:
        why = {"scopes": text(_("A token can do no more than its person."))}
        raise Invalid(_("Scope not granted to this person: {scopes}."), scopes=", ".join(beyond), fields={**why})
    if not scopes:
        raise Invalid(_("A token needs at least one scope."), fields={"scopes": _("Choose at least one.")})


@action
def create_token(
    actor: Actor, *, person: UUID, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make an API token; the second value is the token itself and is never seen again.

    Only for oneself and never with a token; the console of the machine may do it for anybody.
    """
    if not actor.is_all_seeing and (actor.person_id != person or actor.scopes is not None):
        raise Forbidden(_("A token is made by its own person, signed in on the page."))
    row = locked(person)
    if not name.strip():
        raise Invalid(_("A token needs a name."), fields={"name": _("Say what it is for.")})
    if len(name.strip()) > 120:
        raise Invalid(_("The name is too long."), fields={"name": _("At most 120 characters.")})
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid(_("A token cannot expire in the past."), fields={"expires_at": _("Choose a later moment.")})
    wanted = sorted(set(scopes))
    _check_scopes(wanted, grants_of(roles_of(row)))
    raw = new_token()
    token = ApiToken.objects.create(
        person=row, name=name.strip(), hash=token_hash(raw), hint=raw[:8], scopes=wanted, expires_at=expires_at
    )
    ends = expires_at.isoformat() if expires_at else ""
    stated = TokenCreated(
        subject=record_of(actor, row), token=str(token.id), who=row.name, label=token.name, scopes=wanted, expires_at=ends
    )
    record(actor, stated)
    return token, raw


@action
def revoke_token(actor: Actor, *, token: UUID, reason: str = "") -> None:
    """The token opens nothing from now on. Its person or whoever keeps people may; who may not learns nothing of it."""
    found = ApiToken.objects.filter(pk=token).first()
    if found is None or (actor.person_id != found.person_id and not actor.may("people.manage")):
        raise NotFound(_("There is no such token."))
    manager_or_self(actor, found.person_id)
    row = locked(found.person_id)
    if not ApiToken.objects.filter(pk=token, revoked_at=None).update(revoked_at=clock.now()):
        raise Refused(_("This token was revoked already."))
    stated = TokenRevoked(subject=record_of(actor, row), token=str(token), who=row.name, label=found.name, reason=reason.strip())
    record(actor, stated)


@action
def make_sign_in_link(actor: Actor, *, person: UUID) -> str:
    """The path at which the person sets a password, once and for a few days; hand it over yourself. A second factor stays."""
    actor.require("people.manage")
    row = locked(person)
    if not row.is_active:
        raise Refused(_("This person is not active."))
    record(actor, SignInLinkMade(subject=record_of(actor, row), who=row.name))
    return _link(row)


def _link(person: Person) -> str:
    key = default_token_generator.make_token(person)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(person), "key": key})


@action
def reset_second_factor(actor: Actor, *, person: UUID, reason: str) -> None:
    """For a lost telephone: sign-in works with the password alone until a new one is set up. Not for oneself."""
    actor.require("people.manage")
    not_oneself(actor, person)
    why = reason_given(reason)
    row = locked(person)
    deleted, _kinds = Authenticator.objects.filter(user=row).delete()
    if not deleted:
        raise NotFound(_("{who} has no second factor."), who=row.name)
    record(actor, SecondFactorChanged(subject=record_of(actor, row), who=row.name, kind="all", change=f"reset: {why}"))
