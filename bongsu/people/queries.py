"""Reads about people: who acts, who holds a post, how they are reached, and what is wrong with the posts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.translation import get_language

from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, NotFound
from bongsu.kernel.secrets import token_hash
from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _

from . import rules
from .models import AccessGrant, ApiToken, ContactWay, Holding, LegalEntity, Membership, Person, Post, Team
from .rules import GRANTS, TOKEN_PREFIX, BadToken, Held, bad_token, grants_of, reach, resolve

CHECK_KEY = "people.standing_check"
CHECK_SECONDS = 30

# --- who acts


class ActorRequest(HttpRequest):
    """A request that has passed the middleware: it knows who acts."""

    actor: Actor


def roles_of(person: Person) -> frozenset[str]:
    """The access roles that count: none for somebody who is not active."""
    return frozenset(person.access.current().values_list("role", flat=True)) if person.is_active else frozenset()


def actor_of(person: Person, *, scopes: frozenset[str] | None = None) -> Actor:
    """`person` as the one who acts; without any access role they are a stranger."""
    roles = roles_of(person)
    return Actor(
        key=person.ref,
        name=person.name,
        person_id=person.id,
        roles=roles,
        grants=grants_of(roles),
        scopes=scopes,
        language=person.language,
        zone=person.zone,
    )


def token_of(raw: str) -> ApiToken:
    """The token row behind a raw token, whatever its state; BadToken when nobody here has it."""
    token = (
        ApiToken.objects.filter(hash=token_hash(raw)).select_related("person").first() if raw.startswith(TOKEN_PREFIX) else None
    )
    if token is None:
        raise BadToken(_("This token is not known here."))
    return token


def why_refused(token: ApiToken) -> str | None:
    """Why this token opens nothing now, or None when it does."""
    return bad_token(expires_at=token.expires_at, revoked_at=token.revoked_at, is_active=token.person.is_active, now=clock.now())


def actor_of_token(raw: str) -> Actor:
    """The token's person, narrowed to its scopes; BadToken (401) when unknown, expired, revoked or its person is gone."""
    token = token_of(raw)
    if why := why_refused(token):
        raise BadToken(why)
    return actor_of(token.person, scopes=frozenset(token.scopes))


# --- people


def person(person_id: UUID) -> Person:
    """The person with this id, active or not; NotFound when there is none."""
    found = Person.objects.filter(pk=person_id).first()
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


def oneself(actor: Actor) -> UUID:
    """The id of the person who acts; Forbidden for machines."""
    if actor.person_id is None:
        raise Forbidden(_("This is for people."))
    return actor.person_id


def names(keys: Iterable[str]) -> dict[str, str]:
    """Names of the actor keys that are people, for the ledger's display."""
    ids = {key: UUID(key.removeprefix("person:")) for key in keys if key.startswith("person:")}
    known = dict(Person.objects.filter(pk__in=ids.values()).values_list("pk", "name")) if ids else {}
    return {key: known[pk] for key, pk in ids.items() if pk in known}


def _people() -> QuerySet[Person]:
    roles = Prefetch("access", AccessGrant.objects.current(), to_attr="current_access")
    return Person.objects.prefetch_related(roles)


def people(actor: Actor, *, search: str = "", role: str = "", is_active: bool | None = None) -> QuerySet[Person]:
    """The people the actor may know of: strangers only themselves. `search` looks in names and e-mail addresses."""
    rows = _people()
    if not actor.may("see"):
        rows = rows.filter(pk__in=[actor.person_id] if actor.person_id else [])
    for word in search.replace("\x00", "").split()[:5]:
        rows = rows.filter(Q(name__icontains=word) | Q(email__icontains=word))
    if role:
        rows = rows.filter(pk__in=AccessGrant.objects.current().filter(role=role).values("person"))
    return rows if is_active is None else rows.filter(is_active=is_active)


def may_know_more(actor: Actor, person_id: UUID) -> bool:
    """Whether contact ways and access history of a person are the actor's to see."""
    return actor.person_id == person_id or actor.may("people.manage") or actor.may("audit.read")


@dataclass(frozen=True)
class Profile:
    """A person with what belongs to them; ways, and tokens with history, only for whom they are."""

    person: Person
    roles: list[str]
    holdings: list[Holding]
    teams: list[Team]
    ways: list[ContactWay] | None = None
    tokens: list[ApiToken] | None = None


def profile(actor: Actor, person_id: UUID) -> Profile:
    """NotFound for a stranger who asks about others. Responders see how to reach somebody, not their tokens."""
    found = people(actor).filter(pk=person_id).first()
    if found is None:
        raise NotFound(_("There is no such person."))
    knows_more = may_know_more(actor, found.id)
    return Profile(
        person=found,
        roles=[access.role for access in found.current_access],  # type: ignore[attr-defined]
        holdings=list(Holding.objects.current().filter(person=found).select_related("post")),
        teams=[m.team for m in Membership.objects.current().filter(person=found).select_related("team")],
        ways=ways_of([found.id])[found.id] if knows_more or actor.may("incident.respond") else None,
        tokens=list(ApiToken.objects.filter(person=found)) if knows_more else None,
    )


def ways_of(people: Iterable[UUID]) -> dict[UUID, list[ContactWay]]:
    """The ways that stand, first to try first, for each of these people (an empty list for who has none)."""
    found: dict[UUID, list[ContactWay]] = {pk: [] for pk in people}
    for way in ContactWay.objects.current().filter(person__in=found).order_by("rank", "id"):
        found[way.person_id].append(way)
    return found


def people_with_role(role: str) -> list[Person]:
    """The active people with an access role, in the order they got it."""
    rows = AccessGrant.objects.current().filter(role=role, person__is_active=True).select_related("person")
    return [row.person for row in rows.order_by("granted_at", "id")]


def people_with_grant(grant: str) -> list[Person]:
    """The active people who hold a right by any of their access roles."""
    roles = [role for role, grants in GRANTS.items() if grant in grants]
    holders = AccessGrant.objects.current().filter(role__in=roles).values("person")
    return list(Person.objects.filter(is_active=True, pk__in=holders))


# --- teams and entities


def entities(actor: Actor) -> QuerySet[LegalEntity]:
    return LegalEntity.objects.all() if actor.may("see") else LegalEntity.objects.none()


def teams(actor: Actor) -> QuerySet[Team]:
    members = Prefetch("memberships", Membership.objects.current().select_related("person"), to_attr="members")
    rows = Team.objects.select_related("entity").prefetch_related(members)
    return rows if actor.may("see") else rows.none()


def entity(actor: Actor, entity_id: UUID) -> LegalEntity:
    found = entities(actor).filter(pk=entity_id).first()
    if found is None:
        raise NotFound(_("There is no such legal entity."))
    return found


def team(actor: Actor, team_id: UUID) -> Team:
    found = teams(actor).filter(pk=team_id).first()
    if found is None:
        raise NotFound(_("There is no such team."))
    return found


# --- posts

Scopes = Callable[[], dict[str, str]]
_scopes: list[Scopes] = []


def add_scopes(source: Scopes) -> None:
    """A module above says for which records posts are held: reference -> name, for example `system:<uuid>`."""
    if source not in _scopes:
        _scopes.append(source)


def scope_names() -> dict[str, str]:
    return {reference: name for source in _scopes for reference, name in source().items()}


@dataclass(frozen=True)
class Resolution:
    """Who answers for a post. `via`: holder, deputy, fallback (the post that stands in, else the administrators), nobody;
    `problem` says what is wrong."""

    post: Post | None
    people: list[Person]
    via: str
    problem: Text | None = None


def resolve_post(key: str, scope_ref: str = "", *, has_stand_ins: bool = True) -> Resolution:
    """Who answers for a post, for one system if asked; never empty-handed in silence, never raises. Without stand-ins: its own
    people, else the administrators, and no other post."""
    post = Post.objects.filter(key=key).first()
    found = _resolution(post, key, _held(post), lambda: people_with_role("administrator"), scope_ref)
    if found.via in ("holder", "deputy") or not has_stand_ins:
        return found
    stand_in = _stand_in(post, scope_ref)
    return Resolution(post, stand_in, "fallback", found.problem) if stand_in else found


def _held(post: Post | None) -> list[Holding]:
    return list(Holding.objects.current().filter(post=post).select_related("person")) if post else []


def _stand_in(post: Post | None, scope_ref: str) -> list[Person]:
    """Whoever answers along the chain of posts that stand in for one another."""
    asked = {post.key} if post else set()
    while post and post.fallback and post.fallback not in asked:
        asked.add(post.fallback)
        post = Post.objects.filter(key=post.fallback).first()
        found = _resolution(post, "", _held(post), list, scope_ref)
        if found.people:
            return found.people
    return []


def _resolution(
    post: Post | None, key: str, held: list[Holding], administrators: Callable[[], list[Person]], scope_ref: str
) -> Resolution:
    known = {str(h.person_id): h.person for h in held}
    facts = [Held(str(h.person_id), h.scope_ref, h.is_deputy, h.person.is_active) for h in held]
    ids, via = resolve(facts, [], scope_ref)
    if ids:
        return Resolution(post, [known[i] for i in ids], via)
    spare = administrators()
    _ids, via = resolve(facts, [str(p.id) for p in spare], scope_ref)
    reason = _("Nobody holds the post “{post}”.") if post else _("There is no post “{post}”.")
    return Resolution(post, spare, via, text(reason, post=key))


def holds_post(person_id: UUID, key: str, scope_ref: str = "") -> bool:
    """Whether a person holds a post, or is its deputy, in this scope or for the whole organisation."""
    scopes = {"", scope_ref}
    return (
        Holding.objects.current().filter(post__key=key, person=person_id, person__is_active=True, scope_ref__in=scopes).exists()
    )


@dataclass(frozen=True)
class Problem:
    """Something the standing check found. `kind`: empty, inactive, unreachable, unconnected, asleep. A grave one is an alarm;
    one without a post is about the whole house."""

    kind: str
    post: str
    text: Text
    is_grave: bool
    scope_ref: str = ""
    person_id: UUID | None = None


@dataclass(frozen=True)
class Seat:
    """A post in one scope with who holds it now: a line of the posts board."""

    post: Post
    scope_ref: str
    scope_name: str
    holdings: list[Holding] = field(default_factory=list)
    resolution: Resolution | None = None
    problems: list[Problem] = field(default_factory=list)


_connected: list[Callable[[], set[str]]] = []


def register_connected(source: Callable[[], set[str]]) -> None:
    """A module above says which channels of contact ways an enabled connection serves now."""
    if source not in _connected:
        _connected.append(source)


def _served() -> set[str]:
    return {channel for source in _connected for channel in source()}


Reached = dict[UUID, tuple[str, list[str]]]  # how well, and the channels behind which nothing is connected


def board() -> list[Seat]:
    """Every post in every scope, with its people and what is wrong; six queries however many posts there are."""
    posts = list(Post.objects.filter(is_active=True))
    held = list(Holding.objects.current().select_related("person", "post").order_by("is_deputy", "rank", "since_at"))
    administrators = people_with_role("administrator")
    reached = _reached({h.person_id for h in held} | {p.id for p in administrators}, _served())
    scopes = scope_names()
    return [
        _seat(post, scope, scopes.get(scope, ""), [h for h in held if h.post_id == post.id], administrators, reached)
        for post in posts
        for scope in (["", *scopes] if post.is_per_system else [""])
    ]


def _reached(people: set[UUID], served: set[str]) -> Reached:
    channels: dict[UUID, list[str]] = {pk: [] for pk in people}
    for person_id, channel in ContactWay.objects.current().filter(person__in=people).values_list("person", "channel"):
        channels[person_id].append(channel)
    return {pk: (reach(found, served), sorted(set(found) - served)) for pk, found in channels.items()}


def _seat(post: Post, scope: str, scope_name: str, held: list[Holding], spare: list[Person], reached: Reached) -> Seat:
    found = _resolution(post, post.key, held, lambda: spare, scope)
    here = [h for h in held if h.scope_ref == scope]
    is_asked = bool(scope) or not post.is_per_system  # a post per system need not be held for the whole organisation
    problems = _empty(post, scope, scope_name, found) if is_asked else []
    problems += [p for h in here for p in _of_holder(h, scope_name, *reached[h.person_id])]
    return Seat(post, scope, scope_name, here, found, problems)


def _spoken_title(ko: str, en: str) -> str:
    return ko if (get_language() or "ko").startswith("ko") else en


spoken_title = lazy(_spoken_title, str)  # said in the language of whoever reads it


def _title(post: Post, scope_name: str) -> Any:
    title = spoken_title(post.title_ko, post.title_en)
    return text(_("{title} of {system}"), title=title, system=scope_name) if scope_name else title


def _empty(post: Post, scope: str, scope_name: str, found: Resolution) -> list[Problem]:
    title = _title(post, scope_name)
    message = {
        "nobody": _("{post}: nobody holds it, and there is no administrator."),
        "fallback": _("{post}: nobody holds it. Until then the administrators are asked."),
    }.get(found.via)
    return [Problem("empty", post.key, text(message, post=title), True, scope)] if message else []


def _of_holder(holding: Holding, scope_name: str, how: str, unserved: list[str]) -> list[Problem]:
    how = how if holding.person.is_active else "inactive"
    if how == "awake":
        return []
    message, is_grave = rules.OF_HOLDER[how]
    ways = [Text(rules.CHANNEL_TITLES[channel]) for channel in unserved]
    said = text(message, post=_title(holding.post, scope_name), who=holding.person.name, ways=ways)
    kind = {"never": "unreachable", "unwoken": "asleep"}.get(how, how)
    return [Problem(kind, holding.post.key, said, is_grave, holding.scope_ref, holding.person_id)]


def standing_check(seats: list[Seat] | None = None) -> list[Problem]:
    """What is wrong with the posts (of a board) now, grave first: every empty, unreachable or badly held one (D8). Where nothing
    at all is connected, that is said once instead of for everybody."""
    seats = board() if seats is None else seats
    problems = [problem for seat in seats for problem in seat.problems]
    if seats and not _served():
        problems = [p for p in problems if p.kind not in ("unconnected", "asleep")]
        problems.insert(0, Problem("unconnected", "", Text(rules.NOTHING_CONNECTED), True))
    return sorted(problems, key=lambda p: not p.is_grave)


def grave_problems() -> list[Problem]:
    """The grave part of the standing check, at most 30 seconds old: for the alarm on every page."""
    found: list[Problem] | None = cache.get(CHECK_KEY)
    if found is None:
        found = [p for p in standing_check() if p.is_grave]
        cache.set(CHECK_KEY, found, CHECK_SECONDS)
    return found
