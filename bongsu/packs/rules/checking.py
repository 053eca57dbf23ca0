"""What a pack must be beyond its shape: nothing missing from the matrix, the states, the phases, the languages."""

from collections import Counter
from collections.abc import Iterable

from bongsu.kernel.text import gettext_noop as _

from .decoding import Decoder
from .naming import PATTERN_PLACES
from .pack import Pack
from .playbooks import Runbook, Step, Template
from .reading import Node
from .taxonomy import Taxonomy
from .templates import PLACE, places, unknown_places

STATES = ("detected", "declared", "investigating", "mitigating", "monitoring", "resolved", "closed", "false_positive", "reopened")
ROLES = ("ic", "technical_lead", "legal", "communications")
PHASES = ("initial", "investigate", "recover")
ACTIONS = (
    "registry.rollback gateway.block gateway.rate_limit pipeline.pause data.filter flag.off key.revoke evidence.snapshot".split()
)


def check(decoder: Decoder, pack: Pack, taxonomy: Node) -> None:
    """Add what is wrong with `pack` to the decoder's problems."""
    if not isinstance(taxonomy.value, dict) or any(key not in taxonomy.value for key in ("matrix", "types", "severities")):
        return  # told already: without them nothing below says anything of use
    _severities(decoder, pack.taxonomy, taxonomy)
    _matrix(decoder, pack.taxonomy, taxonomy.value["matrix"])
    _people(decoder, pack.taxonomy, taxonomy)
    _states(decoder, pack.taxonomy, taxonomy)
    _channels(decoder, pack.taxonomy)
    for runbook in pack.runbooks:
        _runbook(decoder, runbook)
    _coverage(decoder, pack, taxonomy)
    for template in pack.templates:
        _template(decoder, template)
    _verdicts(decoder, pack)


def _severities(decoder: Decoder, taxonomy: Taxonomy, node: Node) -> None:
    for fires, count in Counter(s.fires for s in taxonomy.severities).items():
        if count > 1 or not 2 <= fires <= 5:
            decoder.add(
                node,
                _("{fires} fires cannot stand here."),
                _("Give each severity a number of its own from 2 to 5; one fire means calm."),
                fires=fires,
            )
    for severity in taxonomy.severities:
        if severity.update_every.total_seconds() <= 0 or severity.respond_within.total_seconds() <= 0:
            decoder.add(decoder.node_of(severity), _("A duration of nothing cannot be kept."), _("Write at least 1m."))
        if not any(s.severity == severity.key and s.after_minutes == 0 for s in taxonomy.escalation):
            decoder.add(
                decoder.node_of(severity),
                _("Nobody is told of {key} at declaration."),
                _("Add an escalation step with `severity: {key}` and `after: 0m`."),
                key=severity.key,
            )
        if not any(s.severity == severity.key for s in taxonomy.triage.steps):
            decoder.add(
                decoder.node_of(severity),
                _("A proposal of {key} asks nobody."),
                _("Add a triage step with `severity: {key}`."),
                key=severity.key,
            )


def _matrix(decoder: Decoder, taxonomy: Taxonomy, node: Node) -> None:
    cells = Counter((cell.type, cell.severity) for cell in taxonomy.matrix)
    for kind in taxonomy.types:
        for severity in taxonomy.severities:
            count = cells[kind.key, severity.key]
            if count != 1:
                decoder.add(
                    node,
                    _("The matrix has {count} cells for {type} at {severity}."),
                    _("Write exactly one: `- {{type: {type}, severity: {severity}, …}}`."),
                    count=count,
                    type=kind.key,
                    severity=severity.key,
                )
    owners = {subtype.key: kind.key for kind in taxonomy.types for subtype in kind.subtypes}
    for cell in taxonomy.matrix:
        if owners.get(cell.subtype, cell.type) != cell.type:
            decoder.add(
                decoder.node_of(cell),
                _("“{subtype}” is a sub-type of {owner}, not of {type}."),
                _("Name a sub-type of {type}."),
                subtype=cell.subtype,
                owner=owners[cell.subtype],
                type=cell.type,
            )
    for priority, count in Counter(cell.priority for cell in taxonomy.matrix).items():
        if count > 1:
            decoder.add(
                node,
                _("The priority {priority} stands {count} times."),
                _("Number the cells 1, 2, 3, …"),
                priority=priority,
                count=count,
            )


def _people(decoder: Decoder, taxonomy: Taxonomy, node: Node) -> None:
    fallbacks = {post.key: post.fallback for post in taxonomy.posts}
    for post in taxonomy.posts:
        seen, at = {post.key}, post.fallback
        while at:
            if at in seen:
                decoder.add(
                    decoder.node_of(post),
                    _("The fallbacks of “{key}” run in a circle."),
                    _("Let the last one have none."),
                    key=post.key,
                )
                break
            seen.add(at)
            at = fallbacks.get(at, "")
    _required(decoder, node, "roles", [role.key for role in taxonomy.roles], ROLES)
    for step in taxonomy.escalation:
        if not step.posts or not step.channels:
            decoder.add(decoder.node_of(step), _("This step tells nobody."), _("Name at least one post and one channel."))


def _states(decoder: Decoder, taxonomy: Taxonomy, node: Node) -> None:
    _required(decoder, node, "states", [state.key for state in taxonomy.states], STATES)
    moves = Counter((move.source, move.target) for move in taxonomy.transitions)
    for move in taxonomy.transitions:
        if moves[move.source, move.target] > 1 or move.source == move.target:
            decoder.add(
                decoder.node_of(move),
                _("The move from {a} to {b} stands twice or leads nowhere."),
                _("Keep one."),
                a=move.source,
                b=move.target,
            )
        if not move.who:
            decoder.add(decoder.node_of(move), _("Nobody may make this move."), _("Add `who: [ic]` or another."))
    for state in taxonomy.states:
        if state.key != "detected" and not any(move.target == state.key for move in taxonomy.transitions):
            decoder.add(
                decoder.node_of(state), _("No move leads to “{key}”."), _("Add a transition with `target: {key}`."), key=state.key
            )


def _required(decoder: Decoder, node: Node, section: str, have: list[str], wanted: Iterable[str]) -> None:
    where = node.value.get(section, node)  # type: ignore[union-attr]
    for key in wanted:
        if key not in have:
            decoder.add(
                where,
                _("“{key}” is missing in {section}."),
                _("Bongsu relies on it: add `- key: {key}`."),
                key=key,
                section=section,
            )


def _channels(decoder: Decoder, taxonomy: Taxonomy) -> None:
    for pattern in taxonomy.channels.patterns:
        rest = pattern.pattern
        for place in PATTERN_PLACES:
            rest = rest.replace("{" + place + "}", "")
        if "{" in rest or "}" in rest:
            decoder.add(
                decoder.node_of(pattern),
                _("The channel pattern has a place that is not known."),
                _("Use one of: {known}."),
                known=", ".join("{" + place + "}" for place in PATTERN_PLACES),
            )


def _runbook(decoder: Decoder, runbook: Runbook) -> None:
    node = decoder.node_of(runbook)
    if [phase.key for phase in runbook.phases] != list(PHASES):
        decoder.add(
            node,
            _("A runbook has the phases initial, investigate, recover, in this order."),
            _("Write each once, in this order."),
        )
    seen: set[str] = set()
    for phase in runbook.phases:
        if not phase.steps:
            decoder.add(decoder.node_of(phase), _("The phase has no steps."), _("Add at least one step."))
        for step in phase.steps:
            _step(decoder, step, seen)
            seen.add(step.id)


def _step(decoder: Decoder, step: Step, seen: set[str]) -> None:
    node = decoder.node_of(step)
    if step.id in seen:
        decoder.add(node, _("The step “{id}” stands twice."), _("Give one of them another id."), id=step.id)
    for required in step.requires:
        if required not in seen:
            decoder.add(node, _("The step needs “{id}”, which does not come before it."), _("Name an earlier step."), id=required)
    for kind, given in (("automation", step.automation), ("verification", step.verification)):
        if (step.kind == kind) != (given is not None):
            decoder.add(
                node,
                _("`kind: {kind}` and the section `{section}` belong together."),
                _("Add the section, or correct the kind."),
                kind=step.kind,
                section=kind,
            )
    if step.automation and step.automation.action not in ACTIONS:
        decoder.add(
            node,
            _("There is no automation “{action}”."),
            _("Use one of: {known}."),
            action=step.automation.action,
            known=", ".join(ACTIONS),
        )


def _coverage(decoder: Decoder, pack: Pack, node: Node) -> None:
    claims = Counter(
        [("type", t) for r in pack.runbooks for t in r.types] + [("subtype", s) for r in pack.runbooks for s in r.subtypes]
    )
    for (_kind, key), count in claims.items():
        if count > 1:
            decoder.add(node, _("{count} runbooks claim “{key}”."), _("Leave it to one of them."), count=count, key=key)
    general = [runbook for runbook in pack.runbooks if not runbook.types and not runbook.subtypes]
    if len(general) != 1:
        decoder.add(
            decoder.node_of(general[1]) if general else Node(None, "runbooks/", 1),
            _("{count} runbooks serve everything else."),
            _("Keep exactly one runbook without `types` and `subtypes`."),
            count=len(general),
        )


def _template(decoder: Decoder, template: Template) -> None:
    node = decoder.node_of(template)
    for name in unknown_places(template):
        decoder.add(
            node,
            _("The place “{name}” is not allowed in this template."),
            _("Use one of the fixed places; a template with `is_id_only` may only name: incident_id, link and the like."),
            name=name,
        )
    for text in (template.ko, template.en):
        rest = PLACE.sub("", text.subject + text.body)
        if "{{" in rest or "}}" in rest or "{%" in rest:
            decoder.add(
                node,
                _("The template has a broken or foreign place."),
                _("Write places as {{{{ name }}}}; there is no logic."),
                name="",
            )
        if "\n" in text.subject:
            decoder.add(node, _("A subject is one line."), _("Shorten it."))
    korean, english = (set(places(text.subject + "\n" + text.body)) for text in (template.ko, template.en))
    if korean != english:
        decoder.add(
            node,
            _("The two languages do not say the same: {names} stands in one only."),
            _("Name the same places in both."),
            names=", ".join(sorted(korean ^ english)),
        )
    if template.needs_approval and not template.approver:
        decoder.add(node, _("The template needs an approval, but by nobody."), _("Add `approver:` with a post."))


def _verdicts(decoder: Decoder, pack: Pack) -> None:
    owners = {subtype.key: kind.key for kind in pack.taxonomy.types for subtype in kind.subtypes}
    types, levels = set(owners.values()), {severity.key for severity in pack.taxonomy.severities}
    for rule in pack.classification:
        node = decoder.node_of(rule)
        for other in rule.overrides:
            if other not in decoder.defined.get("rule", {}):
                decoder.add(node, _("There is no {kind} “{value}”."), _("Name a rule of this file."), kind="rule", value=other)
        verdict = rule.verdict
        if not verdict:
            continue
        if verdict.type not in types or owners.get(verdict.subtype) != verdict.type:
            decoder.add(
                node,
                _("The rule proposes {type}/{subtype}, which is not in the taxonomy."),
                _("Name a type and one of its sub-types."),
                type=verdict.type,
                subtype=verdict.subtype,
            )
        if verdict.severity not in levels or verdict.alt_severity not in levels | {""}:
            decoder.add(
                node,
                _("The rule proposes a severity that does not exist."),
                _("Use one of: {known}."),
                known=", ".join(sorted(levels)),
            )
