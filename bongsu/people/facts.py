"""What people states: who came in, who may do what, who holds which post. Texts about persons can be erased."""

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _

from .rules import CHANNEL_TITLES, ROLE_TITLES


@fact("people.person_created")
class PersonCreated(Fact):
    sentence = _("{actor} added {who} ({email})")
    personal = frozenset({"who", "email"})
    icon = "person"
    who: str
    email: str
    language: str
    zone: str


@fact("people.person_changed")
class PersonChanged(Fact):
    sentence = _("{actor} changed {fields} of {who}")
    personal = frozenset({"who", "before", "after"})
    icon = "person"
    who: str
    fields: list[str]
    before: dict[str, str]
    after: dict[str, str]


@fact("people.person_deactivated")
class PersonDeactivated(Fact):
    sentence = _("{actor} deactivated {who}: {reason}")
    personal = frozenset({"who", "reason"})
    icon = "person"
    who: str
    reason: str


@fact("people.person_reactivated")
class PersonReactivated(Fact):
    sentence = _("{actor} made {who} active again: {reason}")
    personal = frozenset({"who", "reason"})
    icon = "person"
    who: str
    reason: str


@fact("people.role_granted")
class RoleGranted(Fact):
    sentence = _("{actor} gave {who} the access role {role}")
    personal = frozenset({"who"})
    said_as = {"role": ROLE_TITLES}
    icon = "key"
    who: str
    role: str


@fact("people.role_revoked")
class RoleRevoked(Fact):
    sentence = _("{actor} took the access role {role} from {who}: {reason}")
    personal = frozenset({"who", "reason"})
    said_as = {"role": ROLE_TITLES}
    icon = "key"
    who: str
    role: str
    reason: str


@fact("people.signed_in")
class SignedIn(Fact):
    sentence = _("{who} signed in")
    personal = frozenset({"who", "address"})
    icon = "key"
    who: str
    address: str


@fact("people.signed_out")
class SignedOut(Fact):
    sentence = _("{who} signed out")
    personal = frozenset({"who", "address"})
    icon = "key"
    who: str
    address: str


@fact("people.sign_in_failed")
class SignInFailed(Fact):
    sentence = _("A sign-in as {email} failed ({step})")
    personal = frozenset({"email", "address"})
    icon = "key"
    email: str
    address: str
    step: str


@fact("people.password_changed")
class PasswordChanged(Fact):
    sentence = _("The password of {who} was changed ({way})")
    personal = frozenset({"who"})
    icon = "key"
    who: str
    way: str


@fact("people.second_factor_changed")
class SecondFactorChanged(Fact):
    sentence = _("The second factor of {who}: {kind} {change}")
    personal = frozenset({"who"})
    icon = "key"
    who: str
    kind: str
    change: str


@fact("people.sign_in_link_wanted")
class SignInLinkWanted(Fact):
    sentence = _("{who} asks for a link to set a new password")
    personal = frozenset({"who"})
    icon = "key"
    who: str


@fact("people.sign_in_link_made")
class SignInLinkMade(Fact):
    sentence = _("{actor} made a link with which {who} sets a password")
    personal = frozenset({"who"})
    icon = "key"
    who: str


@fact("people.token_created")
class TokenCreated(Fact):
    sentence = _("{actor} made the API token “{label}” for {who}")
    personal = frozenset({"who", "label"})
    icon = "key"
    token: str
    who: str
    label: str
    scopes: list[str]
    expires_at: str


@fact("people.token_revoked")
class TokenRevoked(Fact):
    sentence = _("{actor} revoked the API token “{label}” of {who}: {reason}")
    personal = frozenset({"who", "label", "reason"})
    icon = "key"
    token: str
    who: str
    label: str
    reason: str


@fact("people.token_first_used")
class TokenFirstUsed(Fact):
    sentence = _("The API token “{label}” of {who} was used for the first time")
    personal = frozenset({"who", "label", "address"})
    icon = "key"
    token: str
    who: str
    label: str
    address: str


@fact("people.token_refused")
class TokenRefused(Fact):
    sentence = _("The API token “{label}” of {who} was refused: {why}")
    personal = frozenset({"who", "label", "address"})
    icon = "key"
    token: str
    who: str
    label: str
    why: str
    address: str


@fact("people.contact_way_added")
class ContactWayAdded(Fact):
    sentence = _("{actor} added a way to reach {who}: {channel}")
    personal = frozenset({"who", "address"})
    said_as = {"channel": CHANNEL_TITLES}
    icon = "bell"
    who: str
    channel: str
    address: str


@fact("people.contact_way_ended")
class ContactWayEnded(Fact):
    sentence = _("{actor} ended a way to reach {who}: {channel}")
    personal = frozenset({"who", "address"})
    said_as = {"channel": CHANNEL_TITLES}
    icon = "bell"
    who: str
    channel: str
    address: str


@fact("people.contact_ways_ordered")
class ContactWaysOrdered(Fact):
    sentence = _("{actor} changed the order in which {who} is reached")
    personal = frozenset({"who"})
    icon = "bell"
    who: str
    order: list[str]


@fact("people.post_opened")
class PostOpened(Fact):
    sentence = _("{actor} opened the post {key}")
    icon = "badge"
    key: str
    title_ko: str
    title_en: str
    is_per_system: bool
    fallback: str


@fact("people.post_changed")
class PostChanged(Fact):
    sentence = _("{actor} changed the post {key}")
    icon = "badge"
    key: str
    title_ko: str
    title_en: str
    is_per_system: bool
    fallback: str


@fact("people.post_given")
class PostGiven(Fact):
    sentence = _("{actor} gave the post {key} to {who}")
    personal = frozenset({"who"})
    icon = "badge"
    key: str
    person: str
    who: str
    scope_ref: str
    is_deputy: bool


@fact("people.post_left")
class PostLeft(Fact):
    sentence = _("{who} no longer holds the post {key}: {reason}")
    personal = frozenset({"who", "reason"})
    icon = "badge"
    key: str
    person: str
    who: str
    scope_ref: str
    reason: str


@fact("people.entity_created")
class EntityCreated(Fact):
    sentence = _("{actor} added the legal entity {title}")
    icon = "building"
    key: str
    title: str
    country: str
    zone: str


@fact("people.entity_changed")
class EntityChanged(Fact):
    sentence = _("{actor} changed the legal entity {title}")
    icon = "building"
    key: str
    title: str
    country: str
    zone: str
    is_active: bool


@fact("people.team_created")
class TeamCreated(Fact):
    sentence = _("{actor} added the team {title}")
    icon = "people"
    key: str
    title: str
    entity: str


@fact("people.team_changed")
class TeamChanged(Fact):
    sentence = _("{actor} changed the team {title}")
    icon = "people"
    key: str
    title: str
    is_active: bool


@fact("people.member_joined")
class MemberJoined(Fact):
    sentence = _("{actor} added {who} to the team {title}")
    personal = frozenset({"who"})
    icon = "people"
    person: str
    who: str
    title: str


@fact("people.member_left")
class MemberLeft(Fact):
    sentence = _("{actor} took {who} out of the team {title}")
    personal = frozenset({"who"})
    icon = "people"
    person: str
    who: str
    title: str
