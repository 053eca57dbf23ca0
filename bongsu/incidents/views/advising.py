"""Advice while an incident is being declared."""

from typing import Any
from uuid import UUID

from bongsu.kernel.actors import Actor
from bongsu.packs import queries as packs
from bongsu.packs.rules.taxonomy import Taxonomy

from .. import queries

ENOUGH = 8  # characters, before the rules are asked


def advised(actor: Actor, *, title: str, description: str, classification: str, system: str) -> dict[str, Any]:
    """The proposal with its rule and reason, the matrix of the type (chosen, else proposed), and similar incidents."""
    taxonomy = packs.taxonomy()
    words = "\n".join(part for part in (title, description) if part.strip())
    proposal = _proposal(taxonomy, title, description, actor.language) if len(words.strip()) >= ENOUGH else None
    kind, _slash, subtype = classification.partition("/")
    if kind not in [t.key for t in taxonomy.types]:
        kind = proposal["type"] if proposal else ""
    return {
        "proposal": proposal,
        "kind": taxonomy.type(kind).label.say(actor.language) if kind else "",
        "cells": _cells(taxonomy, kind, actor.language) if kind else [],
        "similar": queries.similar(actor, type=kind, subtype=subtype, system=_uuid(system), words=title) if title[2:] else [],
    }


def _proposal(taxonomy: Taxonomy, title: str, text: str, language: str) -> dict[str, Any]:
    said = packs.propose({"title": title, "text": text, "status": "firing", "source_kind": "person", "labels": {}, "measure": {}})
    if said.verdict is None:
        return {"is_ignored": True, "why": said.why.say(language), "rule": said.rule, "type": ""}
    verdict = said.verdict
    return {
        "severity": verdict.severity,
        "severity_word": taxonomy.severity(verdict.severity).label.say(language),
        "type": verdict.type,
        "type_word": taxonomy.type(verdict.type).label.say(language),
        "subtype_word": taxonomy.subtype(verdict.subtype).label.say(language),
        "take": f"{verdict.type}/{verdict.subtype}|{verdict.severity}",
        "rule": said.rule,
        "why": said.why.say(language),
        "is_guess": said.is_guess,
    }


def _cells(taxonomy: Taxonomy, kind: str, language: str) -> list[dict[str, str]]:
    found = [taxonomy.cell(kind, severity.key) for severity in taxonomy.severities]
    return [
        {
            "severity": cell.severity,
            "word": taxonomy.severity(cell.severity).label.say(language),
            "example": cell.example.say(language),
            "definition": taxonomy.severity(cell.severity).definition.say(language),
        }
        for cell in found
    ]


def _uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        return ""
