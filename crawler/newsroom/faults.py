"""The host of awkward pages: what the web really sends, for the tests of bad input. It is in no catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs, urlsplit

HOST = "faults.test"
BASE = f"http://{HOST}"
HTML = "text/html; charset=utf-8"
HUGE = 20_000_000
LONGEST_WAIT = 120.0
AWKWARD = ("empty", "binary", "huge", "wrong-charset", "slow", "reset", "loop")
GOOD = ("good-1", "good-2", "good-3")


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer, and what is wrong with it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    wait: float = 0.0
    broken: bool = False


def fault(target: str) -> Fault:
    """The answer of the awkward host to `target`."""
    parts = urlsplit(target)
    if parts.path == "/slow":
        try:
            seconds = float(parse_qs(parts.query).get("seconds", ["1"])[0])
        except ValueError:
            seconds = 1.0
        return Fault(200, of(HTML), _article("slow").encode(), min(max(seconds, 0.0), LONGEST_WAIT))
    return _fault(parts.path)


@cache
def _fault(path: str) -> Fault:
    if path == "/robots.txt":
        return Fault(200, of("text/plain; charset=utf-8"), b"User-agent: *\nAllow: /\n")
    if path in ("/", "/section"):
        return Fault(200, of(HTML), _section().encode())
    if path == "/empty":
        return Fault(200, of(HTML), b"")
    if path == "/binary":
        return Fault(200, of("text/html"), _image())
    if path == "/huge":
        return Fault(200, of(HTML), b"".join(_huge()))
    if path == "/wrong-charset":
        return Fault(200, of(HTML), _article("wrong-charset").encode("latin-1"))
    if path == "/reset":
        return Fault(200, of(HTML), _article("reset").encode(), broken=True)
    if path == "/loop":
        return Fault(302, (("Location", f"{BASE}/loop"), *of(HTML)), b"")
    if path.removeprefix("/") in GOOD:
        return Fault(200, of(HTML), _article(path.removeprefix("/")).encode())
    return Fault(404, of(HTML), b"<!doctype html><title>Not here</title><p>Not here.</p>\n")


def of(content_type: str) -> tuple[tuple[str, str], ...]:
    """The headers of an ordinary answer of this type."""
    return (("Content-Type", content_type),)


TITLES = {
    "good-1": "Ferry service between two islands resumes after storm",
    "good-2": "Café owners of Saint-Élo ask for longer opening hours",
    "good-3": "Survey ship maps the last blank stretch of the Orsay trench",
    "slow": "A page that takes its time",
    "wrong-charset": "Café culture façade: the naïve résumé of a señor",
    "reset": "A page that breaks off in the middle",
}
PARAGRAPHS = (
    "The harbour office said on Tuesday that crews had worked through the night to clear the channel, and that the "
    "first crossing would leave at noon with supplies, post and some forty passengers on board.",
    "Residents had waited for nine days. Señora Peñalver, who keeps the only bakery of the island, said the café "
    "crème had run out on the third day and patience on the fifth, but that nobody had blamed the captains.",
    "The regional council of Saint-Élo is to decide next week whether a second vessel should be kept ready over the "
    "winter. Its cost, 1.4 million a year, was called “naïve” by one member and “cheap” by another.",
)


def _article(name: str) -> str:
    title = TITLES[name]
    paragraphs: tuple[str, ...] = PARAGRAPHS
    if name == "wrong-charset":  # must fit into latin-1
        paragraphs = tuple(p.replace("“", '"').replace("”", '"') for p in PARAGRAPHS)
    text = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title} | Faults</title>'
        f'<meta property="og:type" content="article"><link rel="canonical" href="{BASE}/{name}"></head>\n'
        f'<body><nav><a href="/section">World</a></nav><main><article><h1>{title}</h1>'
        f'<p class="when"><time datetime="2026-11-04T08:00:00+00:00">4 November 2026</time></p>\n{text}\n'
        "</article></main><footer>Faults is no newspaper.</footer></body></html>\n"
    )


def _section() -> str:
    words = {
        "empty": "Nothing was sent with this headline, and all was well",
        "binary": "A picture that was filed under the wrong heading",
        "huge": "The longest report that was ever printed in one piece",
        "loop": "Minister promises again what was promised before",
    }
    items = "\n".join(
        f'<li><h3><a href="/{name}{"?seconds=2" if name == "slow" else ""}">{words.get(name) or TITLES[name]}</a></h3>'
        for name in (*GOOD, *AWKWARD)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>World | Faults</title></head>'
        f"<body><main><h1>World</h1><ul>\n{items}\n</ul></main></body></html>\n"
    )


def _image() -> bytes:
    """Bytes that begin as a JPEG does and go on as no text does."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00" + bytes(
        (place * 197 + place // 7) % 256 for place in range(20_000)
    )


def _huge() -> Iterator[bytes]:
    """Twenty megabytes of HTML, made when first asked for."""
    start = '<!doctype html>\n<html lang="en"><head><title>Huge | Faults</title></head><body><h1>Huge</h1>\n'
    yield start.encode()
    length, number = len(start), 0
    while length < HUGE:
        number += 1
        piece = f"<p>Paragraph {number} of a report without end. {PARAGRAPHS[number % 3]}</p>\n".encode()
        length += len(piece)
        yield piece
    yield b"</body></html>\n"
