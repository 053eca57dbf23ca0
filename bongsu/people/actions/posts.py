"""Posts and who holds them (D8)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from bongsu.events.actions import action, open_subjects, record
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Conflict, Invalid, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _

from ..facts import PostChanged, PostGiven, PostLeft, PostOpened
from ..models import Holding, Post
from ..queries import scope_names
from ..rules import PostWanted
from .ground import locked, reason_given, recheck


@action
def ensure_posts(actor: Actor, *, posts: Iterable[PostWanted]) -> list[Post]:
    """Open the posts that are missing and bring the titles of the others up to date; none is taken away."""
    actor.require("packs.manage")
    known, wanted = {post.key: post for post in Post.objects.select_for_update()}, list(posts)
    opened = Post.objects.bulk_create([Post(key=w.key, rank=w.rank, **_said(w)) for w in wanted if w.key not in known])
    open_subjects(actor, subjects=[post.ref for post in opened])
    for post in opened:
        known[post.key] = post
        record(actor, PostOpened(subject=post.ref, key=post.key, **_said(post)))
    if opened:
        recheck()
    return [_brought_up_to_date(actor, known[w.key], w) for w in wanted]


def _said(post: Post | PostWanted) -> dict[str, Any]:
    return {name: getattr(post, name) for name in ("title_ko", "title_en", "is_per_system", "fallback")}


def _brought_up_to_date(actor: Actor, post: Post, wanted: PostWanted) -> Post:
    if (_said(post), post.rank) != (_said(wanted), wanted.rank):
        Post.objects.filter(pk=post.pk).update(rank=wanted.rank, **_said(wanted))
        record(actor, PostChanged(subject=post.ref, key=post.key, **_said(wanted)))
        post.refresh_from_db()
        recheck()
    return post


def _post(key: str) -> Post:
    post = Post.objects.select_for_update().filter(key=key).first()
    if post is None:
        raise NotFound(_("There is no post “{key}”."), key=key)
    return post


@action
def set_post_holder(
    actor: Actor, *, post: str, person: UUID, scope_ref: str = "", is_deputy: bool = False, rank: int | None = None
) -> Holding:
    """Give a post (by key) to a person, for the organisation or for `system:<uuid>`; a held one changes between holder
    and deputy. Refuses an inactive person, and a scope for a post that is not per system."""
    actor.require("people.manage")
    row, who = _post(post), locked(person)
    if not who.is_active:
        raise Refused(_("{who} is not active and cannot hold a post."), who=who.name, fields={"person": _("Not active.")})
    if scope_ref and not row.is_per_system:
        raise Invalid(_("This post is held for the whole organisation, not per system."), fields={"scope_ref": _("Leave empty.")})
    if scope_ref and scope_ref not in scope_names():
        raise Invalid(_("There is no such system."), fields={"scope_ref": _("Choose one of the systems.")})
    others = list(Holding.objects.current().filter(post=row, scope_ref=scope_ref))
    mine = next((h for h in others if h.person_id == who.id), None)
    if mine and mine.is_deputy == is_deputy and rank in (None, mine.rank):
        raise Conflict(_("{who} holds this post already."), who=who.name)
    holding = mine or Holding(post=row, person=who, scope_ref=scope_ref)
    holding.is_deputy = is_deputy
    holding.rank = max((h.rank + 1 for h in others), default=0) if rank is None else rank
    holding.save()
    given = PostGiven(subject=row.ref, key=row.key, person=str(who.id), who=who.name, scope_ref=scope_ref, is_deputy=is_deputy)
    record(actor, given)
    recheck()
    return holding


@action
def remove_post_holder(actor: Actor, *, holding: UUID, reason: str) -> None:
    """The person no longer holds the post. An empty post is allowed, and named by the standing check."""
    actor.require("people.manage")
    why = reason_given(reason)
    row = Holding.objects.current().select_related("post", "person").filter(pk=holding).first()
    if row is None or not Holding.objects.current().filter(pk=holding).update(ended_at=clock.now()):
        raise NotFound(_("This post is no longer held this way."))
    post, who = row.post, row.person
    left = PostLeft(subject=post.ref, key=post.key, person=str(who.id), who=who.name, scope_ref=row.scope_ref, reason=why)
    record(actor, left)
    recheck()
