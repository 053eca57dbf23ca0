"""People, what they may do, where they belong, which posts they hold and how they are reached."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7

from .rules import CHANNEL_TITLES, same_address


class Current(models.QuerySet):
    """Rows that end instead of being deleted."""

    def current(self) -> "Current":
        return self.filter(ended_at=None)


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "Person":
        """A person with a hashed password, or with none that works; states no fact: use `actions.create_person`."""
        person = self.model(email=same_address(email), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email=same_address(username or ""))


class Person(AbstractBaseUser):
    """Somebody of the organisation. Signs in with e-mail and password, and with a second factor when set up."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=8, default="ko")
    zone = models.CharField(max_length=64, default="Asia/Seoul")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = PersonManager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="person_email_is_lower_case"),
            models.CheckConstraint(condition=Q(language__in=["ko", "en"]), name="person_language_is_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return ref("person", self.id)


class AccessGrant(models.Model):
    """An access role given to a person, until it ends."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="access")
    role = models.CharField(max_length=40)
    granted_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    objects = Current.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "role"], condition=Q(ended_at=None), name="access_once_per_person_and_role")
        ]


class LegalEntity(models.Model):
    """A company or branch of the organisation: systems, posts and legal duties belong to one (M8)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=160)
    country = models.CharField(max_length=2, default="KR")
    zone = models.CharField(max_length=64, default="Asia/Seoul")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return ref("entity", self.id)


class Team(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=160)
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="teams")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return ref("team", self.id)


class Membership(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    joined_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    objects = Current.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "person"], condition=Q(ended_at=None), name="member_once_per_team")
        ]


class Post(models.Model):
    """A responsibility that severities, escalations and reviews name (D8): the CISO, the engineer in charge of a system."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.SlugField(max_length=60, unique=True)
    title_ko = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120)
    is_per_system = models.BooleanField(default=False)
    fallback = models.SlugField(max_length=60, blank=True, default="")  # the post that answers while this one is empty
    is_active = models.BooleanField(default=True)
    rank = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["rank", "key"]

    def __str__(self) -> str:
        return self.key

    @property
    def ref(self) -> str:
        return ref("post", self.id)

    def title(self, language: str) -> str:
        return self.title_ko if language == "ko" else self.title_en


class Holding(models.Model):
    """Who holds a post, for the whole organisation (`scope_ref` empty) or for one record (`system:<uuid>`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="holdings")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="holdings")
    scope_ref = models.CharField(max_length=80, default="", blank=True)
    is_deputy = models.BooleanField(default=False)
    rank = models.PositiveSmallIntegerField(default=0)
    since_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    objects = Current.as_manager()

    class Meta:
        ordering = ["is_deputy", "rank", "since_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["post", "person", "scope_ref"], condition=Q(ended_at=None), name="holds_a_post_once_per_scope"
            )
        ]


class ContactWay(models.Model):
    """One way to reach a person; lower `rank` is tried first."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="ways")
    channel = models.CharField(max_length=40)
    address = models.CharField(max_length=254)
    rank = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    objects = Current.as_manager()

    class Meta:
        ordering = ["rank", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "channel", "address"], condition=Q(ended_at=None), name="contact_way_once_per_person"
            )
        ]

    @property
    def channel_title(self) -> str:
        return CHANNEL_TITLES.get(self.channel, self.channel)


class ApiToken(models.Model):
    """A key for machines that acts as its person, narrowed to `scopes`. Only its SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=120)
    hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=16)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_refused_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="token_expires_after_birth"
            )
        ]
