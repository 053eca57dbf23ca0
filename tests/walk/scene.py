"""Who is on duty, and what the house is connected to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from bongsu.integrations import actions as integrations
from bongsu.people import actions as people
from bongsu.systems.actions import register_system
from bongsu.systems.models import AISystem
from tests.fakes.pagerduty import ROUTING_KEY
from tests.fakes.slack import TOKEN

SENDER_SECRET = "bearer-of-the-alertmanager"
MODEL, ALIAS = "credit", "champion"
GOOD, BAD = "1", "2"


@dataclass
class Scene:
    """`until(is_so, what)` waits for a condition, or does all waiting work and looks; both are bounded."""

    crew: SimpleNamespace  # actors by first name
    mailbox: Any
    slack: Any
    pagerduty: Any
    until: Callable[[Callable[[], Any], str], None]
    hook_token: str = ""
    system: AISystem | None = None
    connections: dict[str, Any] = field(default_factory=dict)

    def mails_to(self, name: str) -> list[Any]:
        address = f"{name}@example.org"
        return [m for m, to in zip(self.mailbox.messages, self.mailbox.recipients, strict=False) if address in to]


def connect(scene: Scene) -> None:
    """Mail, chat, pager, and an Alertmanager that proves itself by a header."""
    root = scene.crew.root
    mail = f"127.0.0.1:{scene.mailbox.port}"
    for plugin, values, target in (
        ("email_smtp", {"server": mail, "sender": "bongsu@example.org", "security": "none"}, mail),
        ("slack", {"token": TOKEN, "url": f"{scene.slack.url}/api"}, scene.slack.target),
        ("pagerduty", {"routing_key": ROUTING_KEY, "url": scene.pagerduty.url}, scene.pagerduty.target),
    ):
        scene.connections[plugin] = integrations.create_connection(
            root, plugin_slug=plugin, name=plugin, values=values, allowed_targets=[target]
        )
    sender = integrations.create_connection(
        root, plugin_slug="alertmanager", name="alertmanager", values={}, signature="header",
        signature_header="authorization", signature_secrets=[SENDER_SECRET],
    )  # fmt: skip
    scene.hook_token = integrations.rotate_in_token(root, connection=sender.id)


def connect_models(scene: Scene, *, registry: str, metrics: str, serving: str) -> None:
    """MLflow (which also asks the serving process), Prometheus, and the AI system they are about. Base URLs."""
    root, hosts = scene.crew.root, [url.removeprefix("http://") for url in (registry, serving)]
    for plugin, url, targets in (
        ("mlflow", registry, hosts), ("prometheus", metrics, [metrics.removeprefix("http://")])
    ):  # fmt: skip
        scene.connections[plugin] = integrations.create_connection(
            root, plugin_slug=plugin, name=plugin, values={"url": url}, allowed_targets=targets
        )
    bank = people.create_entity(root, key="bank", name="봉수은행")
    scene.system = register_system(
        root, key="credit-scoring", name="신용 평가", entity=bank.id, registry_model=MODEL, registry_alias=ALIAS,
        serving_url=f"{serving}/version", good_version=GOOD,
    )  # fmt: skip
    _take_posts(scene)


def _take_posts(scene: Scene) -> None:
    root, scope = scene.crew.root, scene.system.ref  # type: ignore[union-attr]
    for post, name, where in (
        ("triage_desk", "bob", ""), ("governance_board", "bora", ""), ("legal", "lena", ""), ("ciso", "carol", ""),
        ("ceo", "chloe", ""), ("executives", "chloe", ""), ("product_lead", "carol", scope),
    ):  # fmt: skip
        people.set_post_holder(root, post=post, person=getattr(scene.crew, name).person_id, scope_ref=where)
    for name in ("bob", "carol"):
        people.add_contact_way(root, person=getattr(scene.crew, name).person_id, channel="pager", address="default")
    for name in vars(scene.crew):
        scene.slack.add_person(f"{name}@example.org")
