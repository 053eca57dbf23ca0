"""Who acts. Every public action takes an `Actor` first; what he may do travels with him."""

from dataclasses import dataclass
from uuid import UUID

from .errors import Forbidden
from .text import gettext_noop as _

SEE = "see"  # read what is not restricted; a stranger lacks it


@dataclass(frozen=True)
class Actor:
    """A person (through page, API, CLI or chat), the system itself, a connection, or a local console user.

    `key` is stable and goes into the ledger: `person:<uuid>`, `system:<what>`, `connection:<uuid>`, `console:<os user>`,
    `anonymous`. `grants` are the rights of the access roles; `scopes` (API tokens) narrow them, None means all of them.
    """

    key: str
    name: str = ""
    person_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    grants: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    language: str = "ko"
    zone: str = "Asia/Seoul"

    @property
    def is_system(self) -> bool:
        return self.key.startswith("system:")

    @property
    def is_all_seeing(self) -> bool:
        """The machine itself and the console of the machine it runs on read everything."""
        return self.key.startswith(("system:", "console:"))

    def may(self, grant: str) -> bool:
        if self.is_all_seeing:
            return True
        return grant in self.grants and (self.scopes is None or grant in self.scopes)

    def require(self, grant: str) -> None:
        """Refuse with `Forbidden` when the actor lacks `grant`."""
        if not self.may(grant):
            raise Forbidden(_("You may not do this. It needs the right “{grant}”."), grant=grant)


def system(what: str) -> Actor:
    """The machine acting by itself, named by the part that acts: `system("escalations")`."""
    return Actor(key=f"system:{what}", name=what)


ANONYMOUS = Actor(key="anonymous", name="anonymous")
