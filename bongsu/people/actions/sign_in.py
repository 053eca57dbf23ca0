"""What happens at the door: sign-ins, passwords, second factors and the use of tokens are facts."""

from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor

from ..facts import (
    PasswordChanged,
    SecondFactorChanged,
    SignedIn,
    SignedOut,
    SignInFailed,
    SignInLinkWanted,
    TokenFirstUsed,
    TokenRefused,
)
from ..models import ApiToken, Person
from ..rules import is_use_due, same_address
from .ground import record_of, record_of_sign_in


@action
def note_sign_in(actor: Actor, *, person: Person, address: str) -> None:
    record(actor, SignedIn(subject=record_of(actor, person), who=person.name, address=address))


@action
def note_sign_out(actor: Actor, *, person: Person, address: str) -> None:
    record(actor, SignedOut(subject=record_of(actor, person), who=person.name, address=address))


@action
def note_failed_sign_in(actor: Actor, *, email: str, address: str, step: str) -> None:
    """A wrong password or code. `step`: password or second factor."""
    email = same_address(email)[:254]
    person = Person.objects.filter(email=email).first()
    subject = record_of(actor, person) if person else record_of_sign_in(actor)
    record(actor, SignInFailed(subject=subject, email=email, address=address, step=step))


@action
def note_password(actor: Actor, *, person: Person, way: str) -> None:
    """`way`: set, changed or reset."""
    record(actor, PasswordChanged(subject=record_of(actor, person), who=person.name, way=way))


@action
def note_second_factor(actor: Actor, *, person: Person, kind: str, change: str) -> None:
    """`kind`: totp, recovery_codes; `change`: added, removed, reset."""
    record(actor, SecondFactorChanged(subject=record_of(actor, person), who=person.name, kind=kind, change=change))


@action
def note_link_wanted(actor: Actor, *, email: str) -> None:
    """Somebody asks for a link to set a new password; an address nobody here has leaves no trace."""
    person = Person.objects.filter(email=same_address(email), is_active=True).first()
    if person:
        record(actor, SignInLinkWanted(subject=record_of(actor, person), who=person.name))


@action
def note_token_use(actor: Actor, *, token: UUID, address: str) -> None:
    """Keep when a token was last used, at most every five minutes; its first use is a fact."""
    at = clock.now()
    row = ApiToken.objects.select_for_update().filter(pk=token).select_related("person").first()
    if row is None or not is_use_due(row.last_used_at, at):
        return
    if row.last_used_at is None:
        subject = record_of(actor, row.person)
        record(actor, TokenFirstUsed(subject=subject, token=str(row.id), who=row.person.name, label=row.name, address=address))
    ApiToken.objects.filter(pk=row.pk).update(last_used_at=at)


@action
def note_token_refused(actor: Actor, *, token: UUID, why: str, address: str) -> None:
    """A token we know was refused; stated at most every five minutes."""
    at = clock.now()
    row = ApiToken.objects.select_for_update().filter(pk=token).select_related("person").first()
    if row is None or not is_use_due(row.last_refused_at, at):
        return
    ApiToken.objects.filter(pk=row.pk).update(last_refused_at=at)
    subject = record_of(actor, row.person)
    stated = TokenRefused(subject=subject, token=str(row.id), who=row.person.name, label=row.name, why=why, address=address)
    record(actor, stated)
