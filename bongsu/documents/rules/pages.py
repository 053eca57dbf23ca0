"""A document's content as Markdown for Git, as HTML that stands alone, and as the data of the printed page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from .chart import Series, line_chart
from .content import series_of
from .markdown import blocks, markdown_html
from .paper import HERE, Paper, PaperPart, printable

SHOWN_POINTS = 12  # rows of a figure's table in Markdown


@dataclass(frozen=True)
class Signed:
    """A signature as printed."""

    role: str
    name: str
    at: str


@dataclass(frozen=True)
class Whole:
    """A document ready to be drawn. `content` is its canonical text as values; `words` the labels in its language."""

    content: Mapping[str, Any]
    hash: str
    words: Mapping[str, str]
    footer: str
    at: datetime
    signatures: Sequence[Signed] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.content["zone"])


def markdown(whole: Whole) -> str:
    """One Markdown file; figures become tables."""
    head, words = whole.content, whole.words
    lines = [f"# {head['kind_title']}: {head['title']}", ""]
    rows = [[words["classification"], head["classification"]]] if head["classification"] else []
    lines += [f"- {label}: {value}" for label, value in [*head["basics"], *rows]] + [""]
    for part in head["parts"]:
        lines += [f"## {part['title']}", "", part["text"].strip(), ""]
        for figure in part["figures"]:
            lines += [*_figure_table(series_of(figure), whole), ""]
    if whole.signatures:
        lines += [
            f"## {words['signatures']}",
            "",
            f"| {words['role']} | {words['name']} | {words['at']} |",
            "| --- | --- | --- |",
        ]
        lines += [f"| {s.role} | {s.name} | {s.at} |" for s in whole.signatures] + [""]
    return "\n".join([*lines, whole.footer, "", f"{words['hash']}: `{whole.hash}`", ""])


def _figure_table(series: Series, whole: Whole) -> list[str]:
    step = max(1, -(-len(series.points) // SHOWN_POINTS))
    unit = f" ({series.unit})" if series.unit else ""
    lines = [f"**{series.title}{unit}**", "", f"| {whole.words['time']} | {whole.words['value']} |", "| --- | --- |"]
    for at, value in series.points[::step]:
        lines.append(f"| {at.astimezone(whole.zone):%Y-%m-%d %H:%M} | {'-' if value is None else _number(value)} |")
    return lines


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def html_body(whole: Whole) -> str:
    """The document as an `<article>`, for the live preview and the stand-alone file; the same parts as the printed page."""
    head = whole.content
    return "".join(
        (
            f'<article class="paper" lang="{escape(head["language"])}"><header class="paper-line">',
            f"<span>{escape(head['number'])}</span><span>{escape(head['classification'])}</span></header>",
            f'<p class="paper-kind">{escape(head["kind_title"])}</p><h1>{escape(head["title"])}</h1>',
            _fires(head["fires"], head["severity"]),
            _basics_html(head["basics"]),
            *(_part_html(part, whole) for part in head["parts"]),
            _signatures_html(whole),
            f'<footer class="paper-line"><span>{escape(whole.footer)}</span>',
            f"<span>{escape(whole.words['hash'])} <code>{whole.hash}</code></span></footer></article>",
        )
    )


def _basics_html(basics: Sequence[Sequence[str]]) -> str:
    rows = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in basics)
    return f'<dl class="paper-basics">{rows}</dl>' if rows else ""


def _signatures_html(whole: Whole) -> str:
    if not whole.signatures:
        return ""
    words = whole.words
    heads = "".join(f"<th>{escape(words[key])}</th>" for key in ("role", "name", "at"))
    rows = "".join(
        f"<tr><td>{escape(s.role)}</td><td>{escape(s.name)}</td><td>{escape(s.at)}</td></tr>" for s in whole.signatures
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<section><h2>{escape(words['signatures'])}</h2>{table}</section>"


def _part_html(part: Mapping[str, Any], whole: Whole) -> str:
    charts = "".join(f"<figure>{_chart(series_of(figure), whole)}</figure>" for figure in part["figures"])
    body = markdown_html(part["text"]) + charts
    return f'<section id="part-{escape(part["key"])}"><h2>{escape(part["title"])}</h2>{body}</section>'


def _chart(series: Series, whole: Whole) -> str:
    return line_chart(series, zone=whole.zone, empty=whole.words["no_data"])


FLAME = "M6 0c1 4 5 6 5 11 0 3-2 5-5 5s-5-2-5-5c0-2 1-4 2-5 1 1 1 2 2 2 1-3 0-5 1-8z"


def _fires(count: int, severity: str) -> str:
    if not count:
        return ""
    marks = "".join(
        f'<path transform="translate({14 * n} 0)" class="{f"f{count}" if n < count else "out"}" d="{FLAME}"/>' for n in range(5)
    )
    label = escape(severity)
    drawn = f'<svg viewBox="0 0 70 16" width="70" height="16" role="img" aria-label="{label}">{marks}</svg>'
    return f'<p class="paper-fires">{drawn} <b>{label}</b></p>'


def html(whole: Whole) -> str:
    """A file that stands alone: its style inside, no script, nothing fetched, ready to print."""
    style = (HERE / "static" / "documents" / "paper.css").read_text()
    head = whole.content
    return (
        f'<!doctype html>\n<html lang="{escape(head["language"])}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(head['number'])}</title><style>{style}</style></head><body>{html_body(whole)}</body></html>\n"
    )


def paper(whole: Whole) -> Paper:
    """The data of the printed page."""
    head = whole.content
    return Paper(
        id=head["number"],
        title=head["title"],
        kind=head["kind_title"],
        language=head["language"],
        classification=head["classification"],
        fires=head["fires"],
        severity=head["severity"],
        footer=whole.footer,
        basics=tuple((label, value) for label, value in head["basics"]),
        parts=tuple(PaperPart(part["title"], _paper_blocks(part, whole)) for part in head["parts"]),
        signatures=tuple({"role": s.role, "name": s.name, "at": s.at} for s in whole.signatures),
        hash=whole.hash,
        words=dict(whole.words),
        at=whole.at,
    )


def _paper_blocks(part: Mapping[str, Any], whole: Whole) -> list[dict[str, Any]]:
    figures = [
        {"kind": "chart", "svg": printable(_chart(series_of(figure), whole)), "alt": figure["title"]}
        for figure in part["figures"]
    ]
    return blocks(part["text"]) + figures
