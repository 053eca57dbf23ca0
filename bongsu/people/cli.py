"""Local commands about people: they act as the console of this machine, never as another person."""

import getpass
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Annotated, Any, NoReturn

import typer
from django.conf import settings

from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import BongsuError, NotFound
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import say

from . import actions, queries
from .models import Person
from .rules import ROLES, same_address

DAY = 24 * 3600

app = typer.Typer(no_args_is_help=True, help="People, access roles, tokens and posts (local; acts as console:<os user>).")
Role = Annotated[str, typer.Argument(help=f"One of: {', '.join(ROLES)}.")]
PasswordFromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def console() -> Actor:
    """Whoever has the machine: the one actor that needs no grants."""
    user = getpass.getuser()
    return Actor(key=f"console:{user}", name=user)


def refused(error: BongsuError) -> NoReturn:
    typer.echo(say(error.text), err=True)
    for name, text in error.fields.items():
        typer.echo(f"  {name}: {say(text)}", err=True)
    raise typer.Exit(1)


def plainly(run: Callable[..., Any]) -> Callable[..., Any]:
    """Refusals are lines on standard error and exit code 1."""

    @wraps(run)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return run(*args, **kwargs)
        except BongsuError as error:
            refused(error)

    return wrapped


def _person(email: str) -> Person:
    found = Person.objects.filter(email=same_address(email)).first()
    if found is None:
        raise NotFound(_("Nobody here has the e-mail address {email}."), email=email)
    return found


def _print_link(person: Person) -> None:
    path = actions.make_sign_in_link(console(), person=person.id)
    days = settings.PASSWORD_RESET_TIMEOUT // DAY
    typer.echo(say(Text(_("A password is set here, once, within {n} days (the server must be running):"), {"n": days})))
    typer.echo(f"  {settings.BASE_URL}{path}")


@app.command("create")
@plainly
def create(
    email: str,
    name: str,
    role: Annotated[list[str] | None, typer.Option(help=f"Access role, may be repeated: {', '.join(ROLES)}.")] = None,
    language: Annotated[str, typer.Option(help="What the person is written to in: ko (Korean) or en (English).")] = "ko",
    zone: Annotated[str, typer.Option(help="Their time zone, such as Europe/London.")] = "Asia/Seoul",
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Add a person. Without a password a sign-in link is printed."""
    password = sys.stdin.readline().rstrip("\n") or None if password_stdin else None
    person = actions.create_person(
        console(), email=email, name=name, language=language, zone=zone, password=password, roles=role or ()
    )
    words = {"name": person.name, "email": person.email, "language": person.language, "zone": person.zone}
    typer.echo(say(Text(_("Added: {name} <{email}>, language {language}, time zone {zone}"), words)))
    if password is None:
        _print_link(person)


@app.command("grant")
@plainly
def grant(email: str, role: Role) -> None:
    """Give an access role."""
    actions.grant_role(console(), person=_person(email).id, role=role)


@app.command("revoke")
@plainly
def revoke(email: str, role: Role, reason: Annotated[str, typer.Option(prompt=True)]) -> None:
    """Take an access role away."""
    actions.revoke_role(console(), person=_person(email).id, role=role, reason=reason)


@app.command("link")
@plainly
def link(email: str) -> None:
    """Print the address at which the person sets a password, once."""
    _print_link(_person(email))


@app.command("deactivate")
@plainly
def deactivate(email: str, reason: Annotated[str, typer.Option(prompt=True)]) -> None:
    """The person may no longer sign in; nothing is deleted."""
    actions.deactivate_person(console(), person=_person(email).id, reason=reason)


@app.command("token")
@plainly
def token(
    email: str,
    name: str,
    scope: Annotated[list[str], typer.Option(help="What it may do; may be repeated.")],
    days: Annotated[int, typer.Option(help="Days until it expires; 0 never.", min=0, max=3650)] = 90,
) -> None:
    """Make an API token for a person and print it; it is never shown again."""
    ends = clock.now() + timedelta(days=days) if days else None
    _token, raw = actions.create_token(console(), person=_person(email).id, name=name, scopes=scope, expires_at=ends)
    typer.echo(raw)


@app.command("list")
@plainly
def list_people() -> None:
    """Who is here, with their access roles."""
    for person in queries.people(console()):
        roles = ",".join(sorted(access.role for access in person.current_access)) or "-"  # type: ignore[attr-defined]
        typer.echo(f"{person.email}\t{person.name}\t{roles}{'' if person.is_active else chr(9) + 'inactive'}")


@app.command("posts")
@plainly
def posts(
    check: Annotated[bool, typer.Option("--check", help="Only what is wrong; exit code 1 when it is grave.")] = False,
) -> None:
    """Who answers for every post now, or with --check the standing check (D8)."""
    if not check:
        for seat in queries.board():
            people = ", ".join(p.name for p in seat.resolution.people) if seat.resolution else ""
            via = seat.resolution.via if seat.resolution else "nobody"
            typer.echo(f"{seat.post.key}\t{seat.scope_name or '-'}\t{via}\t{people}")
        return
    seats = queries.board()
    problems = queries.standing_check(seats)
    if not problems:
        in_order = _("In order: every post has somebody who can be reached.")
        typer.echo(say(in_order if seats else _("There are no posts yet: they come from the packs, activate one.")))
    for problem in problems:
        typer.echo(f"{'!' if problem.is_grave else '-'} {say(problem.text)}")
    if any(problem.is_grave for problem in problems):
        raise typer.Exit(1)
