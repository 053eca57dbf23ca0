"""What may be stored, under which name, and how it may be sent back. Plain values only."""

import re
import unicodedata
from datetime import timedelta
from urllib.parse import quote

from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

LARGEST = 25 * 1024 * 1024  # bytes
LONGEST_NAME = 150
REVEALED_FOR = timedelta(minutes=10)
ORPHAN_AFTER = timedelta(hours=1)

LABELS = {"harmful": _("blurred"), "legal_hold": _("legal hold"), "privileged": _("privileged")}

# What starts by itself when somebody opens it: evidence of that sort is packed into an archive first.
REFUSED_ENDINGS = frozenset("exe msi bat cmd com scr pif cpl dll lnk hta vbs vbe jse wsf wsh ps1 reg jar app apk dmg iso".split())
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")
# Everything else leaves as a stream of bytes: a browser must find nothing to run or draw.
SENT_AS_IS = frozenset({"application/pdf", "application/json", "application/zip", "application/gzip", "text/plain", "text/csv"})
PICTURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?\Z")
BYTES = "application/octet-stream"


def safe_name(name: str) -> str:
    """`name` as a plain file name: no path, no control or direction characters, NFC, at most 150 characters."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    # Cc control, Cf format (right-to-left override, zero width), Cs, Co, Cn; Zl and Zp end lines
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp"))
    name = re.sub(r'[<>:"|?*]', "_", name)
    name = re.sub(r"\s+", " ", name).strip(" .")
    if not name or RESERVED.match(name):
        name = f"file_{name}" if name else "file"
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}" if dot and len(ending) <= 10 else name[:LONGEST_NAME]


def safe_media_type(media_type: str) -> str:
    """The type without parameters when it is well formed, else bytes."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain if MEDIA_TYPE.fullmatch(plain) else BYTES


def why_not(*, name: str, size: int) -> tuple[str, Text] | None:
    """The field and the reason why a file is refused, or None."""
    if size == 0:
        return "content", Text(_("The file is empty."))
    if size > LARGEST:
        return "content", Text(_("The file is larger than {limit} MB. Split it or attach a link."), {"limit": LARGEST // 1024**2})
    ending = name.rpartition(".")[2].lower()
    if ending in REFUSED_ENDINGS:
        return "name", Text(_("Files ending in .{ending} are not taken. Pack it into a ZIP archive."), {"ending": ending})
    return None


def sent_type(media_type: str) -> str:
    """The type a file is sent with: HTML, SVG and all that could run becomes bytes."""
    return media_type if media_type in SENT_AS_IS or media_type in PICTURES else BYTES


def is_picture(media_type: str, content: bytes) -> bool:
    """Whether the bytes are the raster picture they are said to be; only such are ever shown in a page."""
    if not content.startswith(PICTURES.get(media_type, ())):
        return False
    return media_type != "image/webp" or content[8:12] == b"WEBP"


def path_of(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def grants_to_label(before: set[str], after: set[str]) -> set[str]:
    """The rights a change of labels needs: legal takes off its own labels, unblurring needs the right to reveal."""
    needed = {"incident.respond"}
    if (before - after) & {"legal_hold", "privileged"}:
        needed.add("report.review")
    if "harmful" in before - after:
        needed.add("evidence.reveal")
    return needed


def headers(name: str, media_type: str, *, is_inline: bool = False) -> dict[str, str]:
    """How a file is sent: as an attachment that no browser runs, in a sandbox, kept in no cache."""
    way = "inline" if is_inline else "attachment"
    plain = re.sub(r'[?"\\\\]', "_", name.encode("ascii", "replace").decode())
    return {
        "Content-Type": sent_type(media_type),
        "Content-Disposition": f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",  # django-csp leaves a policy alone that is already set
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
    }
