"""A pack tries itself out: its cases against its own rules and matrix."""

from dataclasses import dataclass

from .pack import Case, Pack


@dataclass(frozen=True)
class Outcome:
    """`found` is what the pack made of the case, in the form `type/subtype/severity` or `ignored`."""

    case: Case
    wanted: str
    found: str
    rule: str

    @property
    def is_right(self) -> bool:
        return self.wanted == self.found


def run_cases(pack: Pack) -> tuple[Outcome, ...]:
    return tuple(_cell(pack, case) if case.cell else _signal(pack, case) for case in pack.cases)


def _cell(pack: Pack, case: Case) -> Outcome:
    kind, _slash, severity = case.cell.partition("/")
    cell = next((c for c in pack.taxonomy.matrix if (c.type, c.severity) == (kind, severity)), None)
    expect = case.expect
    wanted = f"{expect.type}/{expect.subtype}/{expect.severity}"
    return Outcome(case, wanted, f"{cell.type}/{cell.subtype}/{cell.severity}" if cell else "", case.cell)


def _signal(pack: Pack, case: Case) -> Outcome:
    proposal = pack.propose(dict(case.facts or {}))
    expect, verdict = case.expect, proposal.verdict
    if expect.is_ignored or verdict is None:
        found = "ignored" if proposal.is_ignored else "opened"
        return Outcome(case, "ignored" if expect.is_ignored else "opened", found, proposal.rule)
    kind = verdict.type if verdict.type != expect.also_type else expect.type
    severity = verdict.severity if verdict.severity != expect.also_severity else expect.severity
    subtype = verdict.subtype if expect.subtype else ""
    wanted = f"{expect.type}/{expect.subtype}/{expect.severity}"
    return Outcome(case, wanted, f"{kind}/{subtype}/{severity}", proposal.rule)
