"""The Markdown people may write, as blocks of plain data; page, standalone HTML and PDF are drawn from the same blocks.

Headings, paragraphs, lists, checklists, tables, quotes, code, bold, italic, struck, links. HTML and pictures stay text:
nothing in a document is fetched, nothing in it is executed.
"""

import re
from functools import cache
from html import escape
from typing import Any, TypedDict

import nh3
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

LONGEST = 200_000  # characters of one part
SAFE_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+\Z", re.IGNORECASE)
CHECK = re.compile(r"\[([ xX])\]\s+")
TAGS = set("h2 h3 h4 h5 h6 p ul ol li table thead tbody tr th td blockquote pre code strong em s a br hr span".split())


class Run(TypedDict):
    """A stretch of text with its marks: b bold, i italic, c code, x struck; `url` of a link or empty; `\\n` breaks the line."""

    text: str
    marks: str
    url: str


Block = dict[str, Any]


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])


def blocks(text: str) -> list[Block]:
    """`text` (Markdown) as blocks; never raises on odd Markdown."""
    return _children(SyntaxTreeNode(_parser().parse(text[:LONGEST].replace("\0", ""))))


def _children(node: SyntaxTreeNode) -> list[Block]:
    return [block for child in node.children if (block := _block(child))]


def _block(node: SyntaxTreeNode) -> Block | None:
    match node.type:
        case "heading":
            return {"kind": "heading", "level": int(node.tag[1]), "runs": _runs(node.children[0])}
        case "paragraph":
            return {"kind": "paragraph", "runs": _runs(node.children[0])}
        case "bullet_list" | "ordered_list":
            items = [_item(child) for child in node.children]
            start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
            return {"kind": "list", "start": start, "is_numbered": node.type == "ordered_list", "items": items}
        case "blockquote":
            return {"kind": "quote", "blocks": _children(node)}
        case "fence" | "code_block":
            return {"kind": "code", "text": node.content.rstrip("\n")}
        case "hr":
            return {"kind": "rule"}
        case "table":
            return _table(node)
    return None


def _item(node: SyntaxTreeNode) -> Block:
    inner = _children(node)
    first = inner[0] if inner else None
    if not first or first["kind"] != "paragraph" or not first["runs"]:
        return {"check": None, "blocks": inner}
    found = CHECK.match(first["runs"][0]["text"])
    if not found:
        return {"check": None, "blocks": inner}
    first["runs"][0]["text"] = first["runs"][0]["text"][found.end() :]
    return {"check": found.group(1) != " ", "blocks": inner}


def _table(node: SyntaxTreeNode) -> Block:
    rows = [
        [_runs(cell.children[0]) if cell.children else [] for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    return {"kind": "table", "head": rows[0], "rows": rows[1:]}


def _runs(node: SyntaxTreeNode, marks: str = "", url: str = "") -> list[Run]:
    runs: list[Run] = []
    for child in node.children:
        match child.type:
            case "text":
                runs.append(Run(text=child.content, marks=marks, url=url))
            case "code_inline":
                runs.append(Run(text=child.content, marks=marks + "c", url=url))
            case "softbreak" | "hardbreak":
                runs.append(Run(text="\n" if child.type == "hardbreak" else " ", marks=marks, url=url))
            case "strong" | "em" | "s":
                mark = {"strong": "b", "em": "i", "s": "x"}[child.type]
                runs += _runs(child, marks if mark in marks else marks + mark, url)
            case "link":
                runs += _link(child, marks)
            case "image":  # never fetched: its description and address stand as text
                address = str(child.attrs.get("src", ""))
                runs.append(Run(text=f"{child.content} ({address})", marks=marks, url=url))
    return [run for run in runs if run["text"]]


def _link(node: SyntaxTreeNode, marks: str) -> list[Run]:
    address = str(node.attrs.get("href", ""))
    if not SAFE_LINK.match(address):
        return [*_runs(node, marks), Run(text=f" ({address})", marks=marks, url="")]
    return _runs(node, marks, address)


def markdown_html(text: str) -> str:
    """`text` as safe HTML: a fixed set of tags, links only to http, https and mailto; headings stand below a part's own, `h2`."""
    found = blocks(text)
    highest = min((b["level"] for b in found if b["kind"] == "heading"), default=3)
    below = [{**b, "level": min(6, b["level"] + 3 - highest)} if b["kind"] == "heading" else b for b in found]
    html = "".join(map(_html, below))
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}, "span": {"class"}, "ul": {"class"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _html(block: Block) -> str:
    match block["kind"]:
        case "heading":
            return f"<h{block['level']}>{_spans(block['runs'])}</h{block['level']}>"
        case "paragraph":
            return f"<p>{_spans(block['runs'])}</p>"
        case "list":
            return _list_html(block)
        case "quote":
            return f"<blockquote>{''.join(_html(b) for b in block['blocks'])}</blockquote>"
        case "code":
            return f"<pre><code>{escape(block['text'])}</code></pre>"
        case "table":
            return _table_html(block)
    return "<hr>"


def _list_html(block: Block) -> str:
    def item(one: Block) -> str:
        body = "".join(_html(b) for b in one["blocks"])
        if one["check"] is None:
            return f"<li>{body}</li>"
        state, mark = ("done", "☑") if one["check"] else ("open", "☐")
        return f'<li><span class="check {state}">{mark}</span> {body}</li>'

    checks = ' class="checks"' if any(one["check"] is not None for one in block["items"]) else ""
    items = "".join(item(one) for one in block["items"])
    return f'<ol start="{block["start"]}">{items}</ol>' if block["is_numbered"] else f"<ul{checks}>{items}</ul>"


def _table_html(block: Block) -> str:
    head = "".join(f"<th>{_spans(cell)}</th>" for cell in block["head"])
    rows = "".join(f"<tr>{''.join(f'<td>{_spans(cell)}</td>' for cell in row)}</tr>" for row in block["rows"])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _spans(runs: list[Run]) -> str:
    return "".join(_span(run) for run in runs)


def _span(run: Run) -> str:
    html = "<br>" if run["text"] == "\n" else escape(run["text"])
    for mark, tag in (("c", "code"), ("x", "s"), ("i", "em"), ("b", "strong")):
        if mark in run["marks"]:
            html = f"<{tag}>{html}</{tag}>"
    return f'<a href="{escape(run["url"])}">{html}</a>' if run["url"] else html
