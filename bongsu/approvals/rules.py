"""Who may decide. Requester and decider are never the same; the decision counts for one exact text."""

from collections.abc import Collection

from bongsu.kernel.text import gettext_noop as _

WAITING, GRANTED, REFUSED, VOID = "waiting", "granted", "refused", "void"
STATES = {WAITING: _("waiting"), GRANTED: _("approved"), REFUSED: _("not approved"), VOID: _("no longer counts")}


def why_not_decide(
    *, state: str, decider: str, requester: str, barred: Collection[str], seen_hash: str, text_hash: str
) -> str | None:
    """Why this person may not decide now, or None. `barred`: others who wrote what is to be approved."""
    if state != WAITING:
        return _("This was decided already, or it no longer counts.")
    if not decider.startswith("person:"):
        return _("Only a person can approve.")
    if decider == requester:
        return _("Nobody approves what they asked for. Another person must decide.")
    if decider in barred:
        return _("You worked on this yourself. Another person must decide.")
    if seen_hash != text_hash:
        return _("The text has changed since you read it. Read it again before you decide.")
    return None
