"""The settings form of a connection, built from the plug-in's `Config`."""

import dataclasses
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .catalogue import Plugin
from .models import Connection
from .queries import secrets_of
from .rules import SIGNATURES

PREFIX = "set_"
KEPT = _("Kept. Leave empty to keep it.")


def words(both: Any) -> str:
    return str(both.get("en" if (get_language() or "ko").startswith("en") else "ko", "")) if both else ""


class ConnectionForm(forms.Form):
    """`values()` are the plug-in's own settings; a secret is never filled in again, empty keeps it."""

    name = forms.CharField(label=_("Name"), max_length=120)
    allowed_targets = forms.CharField(
        label=_("Allowed targets"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Private addresses this connection may ask, one host:port a line. Public ones need not stand here."),
    )  # fmt: skip
    signature = forms.ChoiceField(
        label=_("Proof of the sender"), choices=[(k, _(v)) for k, v in SIGNATURES.items()], required=False
    )  # fmt: skip
    signature_header = forms.CharField(label=_("Header of the proof"), required=False, max_length=80)
    secret_0 = forms.CharField(label=_("Secret of the proof"), required=False, widget=forms.PasswordInput)
    secret_1 = forms.CharField(label=_("Second secret, while it is rotated"), required=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, plugin: Plugin, connection: Connection | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.plugin, self.connection = plugin, connection
        kept = {name: value for name, value in secrets_of(connection).items() if value} if connection else {}
        for f in dataclasses.fields(plugin.config):
            self.fields[PREFIX + f.name] = _field(f, f.name in kept)
            if connection and not f.metadata["secret"]:
                value = connection.settings.get(f.name)
                self.initial[PREFIX + f.name] = "\n".join(value) if isinstance(value, list) else value
        for slot in (0, 1):
            if f"_in_{slot}" in kept:
                self.fields[f"secret_{slot}"].help_text = KEPT
        if "source" not in plugin.kinds:
            for name in ("signature", "signature_header", "secret_0", "secret_1"):
                del self.fields[name]
        if connection:
            self.initial = {
                **self.initial,
                "name": connection.name, "allowed_targets": "\n".join(connection.allowed_targets),
                "signature": connection.signature, "signature_header": connection.signature_header,
            }  # fmt: skip

    def asked(self) -> dict[str, Any]:
        """What the action is given."""
        data = self.cleaned_data
        own = {f.name: data[PREFIX + f.name] for f in dataclasses.fields(self.plugin.config)}
        given: dict[str, Any] = {"name": data["name"], "values": own, "allowed_targets": data["allowed_targets"].splitlines()}
        if "signature" in self.fields:
            given |= {"signature": data["signature"] or "none", "signature_header": data["signature_header"]}
            secrets = [data["secret_0"], data["secret_1"]]
            if any(secrets) or self.connection is None:
                given["signature_secrets"] = secrets
        return given

    def refuse(self, fields: dict[str, str]) -> None:
        """Show the action's refusals beside their fields."""
        for name, said in fields.items():
            place = next((n for n in (PREFIX + name, name, "secret_0") if n in self.fields), None)
            self.add_error(place, said)


def _field(f: "dataclasses.Field[Any]", is_kept: bool) -> forms.Field:
    meta = f.metadata
    common: dict[str, Any] = {"label": words(meta["label"]), "help_text": words(meta["help"])}
    common["required"] = f.default is dataclasses.MISSING and meta["kind"] != "yes_no"
    attrs = {"placeholder": meta["placeholder"]} if meta["placeholder"] else {}
    if meta["secret"]:
        if is_kept:
            common["help_text"], common["required"] = KEPT, False
        return forms.CharField(widget=forms.PasswordInput(attrs={**attrs, "autocomplete": "off"}), **common)
    initial = f.default if f.default is not dataclasses.MISSING else None
    match meta["kind"]:
        case "yes_no":
            return forms.BooleanField(initial=initial, **common)
        case "choice":
            return forms.ChoiceField(choices=[(key, words(said)) for key, said in meta["choices"]], initial=initial, **common)
        case "lines":
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), initial="\n".join(initial or ()), **common)
        case "json":
            return forms.JSONField(widget=forms.Textarea(attrs={"rows": 6}), initial=initial, **common)
        case "number":
            return forms.IntegerField(initial=initial, **common)
    return forms.CharField(widget=forms.TextInput(attrs=attrs), initial=initial, **common)


class TryMappingForm(forms.Form):
    """A sample of what a sender posts, tried against the settings as they are kept."""

    sample = forms.CharField(label=_("Sample body"), max_length=200_000, widget=forms.Textarea(attrs={"rows": 8}))
