"""Forms of people, posts, teams and tokens. What is right or wrong is said by the actions; forms carry it to the field."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bongsu.kernel import clock
from bongsu.kernel.errors import BongsuError
from bongsu.ui.language import say

from .models import Person
from .rules import CHANNEL_TITLES, ROLE_TITLES, ROLE_WORDS, bad_profile, same_address

ZONES = (
    "Asia/Seoul Asia/Tokyo Asia/Shanghai Asia/Singapore Asia/Kolkata Europe/London Europe/Berlin Europe/Paris "
    "America/New_York America/Chicago America/Los_Angeles America/Sao_Paulo Australia/Sydney UTC"
).split()
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LASTS = [("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("", _("until it is revoked"))]


class ActionForm(forms.Form):
    """A form whose action may still refuse."""

    def attempt(self, act: Callable[[dict[str, Any]], Any]) -> Any:
        """What `act` answers for the cleaned values, or None with the errors in their places."""
        if not self.is_valid():
            return None
        try:
            return act(self.cleaned_data) or True
        except BongsuError as error:
            if error.status not in (409, 422):
                raise
            self.refuse(error)
            return None

    def refuse(self, error: BongsuError) -> None:
        placed = [name for name in error.fields if name in self.fields]
        for name in placed:
            self.add_error(name, say(error.fields[name]))
        if not placed:
            self.add_error(None, say(error.text))


class ProfileForm(ActionForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    zone = forms.CharField(
        label=_("Time zone"), max_length=64, initial="Asia/Seoul", widget=forms.TextInput(attrs={"list": "zones"}),
        help_text=_("A name such as Asia/Seoul."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """The action's own rules, said together with what the fields found."""
        data = super().clean() or {}
        known = {"name": "-", "language": "ko", "zone": "UTC"} | {n: data[n] for n in ("name", "language", "zone") if n in data}
        for name, text in bad_profile(**known).items():
            self.add_error(name, say(text))
        return data


class PersonForm(ProfileForm):
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, help_text=_("For signing in; also the first way to reach the person.")
    )
    field_order = ("name", "email", "language", "zone")


class NewPersonForm(PersonForm):
    roles = forms.MultipleChoiceField(
        label=_("Access roles"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("Without any: a stranger."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = role_choices()  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        email = same_address(self.cleaned_data["email"])
        if Person.objects.filter(email=email).exists():
            raise forms.ValidationError(_("This e-mail address is taken."))
        return email


def role_choices() -> list[tuple[str, str]]:
    return [(role, f"{say(title)}: {say(ROLE_WORDS[role])}") for role, title in ROLE_TITLES.items()]


class WayForm(ActionForm):
    channel = forms.ChoiceField(label=_("Channel"))
    address = forms.CharField(label=_("Address or number"), max_length=254)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = [(key, say(title)) for key, title in CHANNEL_TITLES.items()]  # type: ignore[attr-defined]


class TokenForm(ActionForm):
    name = forms.CharField(label=_("What it is for"), max_length=120)
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), widget=forms.CheckboxSelectMultiple,
        help_text=_("It can do this and no more, and never more than you."),
    )  # fmt: skip
    lasts = forms.ChoiceField(label=_("Lasts"), choices=LASTS, required=False, initial="90")

    def __init__(self, *args: Any, scopes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(scope, scope) for scope in sorted(scopes)]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        days = self.cleaned_data["lasts"]
        ends = clock.now() + timedelta(days=int(days)) if days else None
        return {"name": self.cleaned_data["name"], "scopes": self.cleaned_data["scopes"], "expires_at": ends}


class HolderForm(ActionForm):
    person = forms.TypedChoiceField(label=_("Person"))
    scope_ref = forms.ChoiceField(label=_("For"), required=False)
    is_deputy = forms.BooleanField(label=_("as deputy"), required=False)

    def __init__(self, *args: Any, people: Iterable[Any], scopes: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [(str(p.pk), p.name) for p in people]  # type: ignore[attr-defined]
        whole = [("", _("the whole organisation"))]
        self.fields["scope_ref"].choices = [*whole, *scopes.items()]  # type: ignore[attr-defined]


class NewEntityForm(ActionForm):
    key = forms.CharField(label=_("Key"), max_length=60, help_text=_("Lower-case letters, digits and hyphens."))
    name = forms.CharField(label=_("Name"), max_length=160)
    country = forms.CharField(label=_("Country"), max_length=2, initial="KR", help_text=_("Two capital letters, such as KR."))
    zone = forms.CharField(
        label=_("Time zone"), max_length=64, initial="Asia/Seoul", widget=forms.TextInput(attrs={"list": "zones"})
    )


class EntityForm(NewEntityForm):
    key = None  # type: ignore[assignment]
    is_active = forms.BooleanField(label=_("active"), required=False)


class NewTeamForm(ActionForm):
    key = forms.CharField(label=_("Key"), max_length=60, help_text=_("Lower-case letters, digits and hyphens."))
    name = forms.CharField(label=_("Name"), max_length=160)
    entity = forms.ChoiceField(label=_("Legal entity"))

    def __init__(self, *args: Any, entities: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity"].choices = [(str(e.pk), e.name) for e in entities]  # type: ignore[attr-defined]


class TeamForm(ActionForm):
    name = forms.CharField(label=_("Name"), max_length=160)
    is_active = forms.BooleanField(label=_("active"), required=False)


class MemberForm(ActionForm):
    person = forms.ChoiceField(label=_("Person"))

    def __init__(self, *args: Any, people: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [(str(p.pk), p.name) for p in people]  # type: ignore[attr-defined]
