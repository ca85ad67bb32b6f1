"""clean_url: the one spelling under which a page is kept.

Two spellings become one only where RFC 3986 §6 says that they name the same thing (case of scheme and host, default
port, dot segments, needless escapes, empty path) or where a query key is a known tracking parameter. When in doubt,
two pages rather than a false merge: paths keep their case and their trailing slash, `www.` and the scheme stay.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

#: Query keys that say how a reader came or in which session, never which page it is (names as their makers spell them).
TRACKERS = re.compile(
    r"(?i)^(utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid|_ga|_gl|_hsenc|_hsmi|"
    r"mkt_tok|oly_anon_id|oly_enc_id|vero_id|wickedid|ns_campaign|ns_mchannel|ns_source|ns_linkname|at_medium|"
    r"at_campaign|at_custom\d|at_link_\w+|at_format|at_bbc_team|cmpid|ftag|ito|ocid|xtor|smid|smtyp|"
    r"phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken)$"
)
MAX_URL = 2083  # longer URLs are not visited (the limit that sitemaps and old browsers share)
_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_SESSION = re.compile(r"(?i);(?:jsessionid|phpsessid)=[^/?]*")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


def clean_url(url: str, base: str | None = None) -> str | None:
    """The spelling under which we keep a page, or None where `url` is no http(s) URL that we would visit.

    url: as found, absolute or relative to `base`. Removed: fragment, user and password, default port, dot
    segments, tracking parameters. Never raises: pages hold every kind of broken address.
    """
    # WHATWG URL §4.4: leading and trailing C0 and space are stripped, tab and newline removed anywhere.
    url = re.sub(r"[\t\r\n]", "", url.strip("".join(map(chr, range(33)))))
    try:
        parts = urlsplit(urljoin(base, url) if base else url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host:
        return None
    ascii_host = _host(host)
    if ascii_host is None:
        return None
    host = ascii_host
    if port not in (None, {"http": 80, "https": 443}[scheme]):
        host = f"{host}:{port}"
    path = _escapes(_dots(_SESSION.sub("", parts.path) if ";" in parts.path else parts.path)) or "/"
    query = "&".join(_escapes(p) for p in parts.query.split("&") if p and not TRACKERS.match(p.split("=", 1)[0]))
    cleaned = urlunsplit(SplitResult(scheme, host, path, query, ""))
    return cleaned if len(cleaned) <= MAX_URL else None


def host_of(url: str) -> str:
    """`host` or `host:port` of a cleaned URL, the unit of politeness and of the robots rules (RFC 9309 §2.3)."""
    return urlsplit(url).netloc


def _host(host: str) -> str | None:
    """The host in ASCII, lower case (IDNA); None where it cannot be a host."""
    host = host.rstrip(".").lower()
    if ":" in host:
        return f"[{host}]"
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return host if re.fullmatch(r"[a-z0-9._-]{1,253}", host) else None


def _dots(path: str) -> str:
    """The path without `.` and `..` segments (RFC 3986 §5.2.4), also where the URL was absolute."""
    if "/." not in path:
        return path
    out: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(out) > 1:
                out.pop()
        elif segment != ".":
            out.append(segment)
    if segments[-1] in (".", ".."):
        out.append("")
    return "/".join(out)


def _escapes(text: str) -> str:
    """Escapes in one spelling: upper case, none where none is needed, one where one is (RFC 3986 §6.2.2)."""

    def one(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char in _UNRESERVED else match[0].upper()

    text = _CONTROL.sub(lambda m: f"%{ord(m[0]):02X}", _ESCAPE.sub(one, text))
    return quote(text, safe="%/:?#[]@!$&'()*+,;=~-._|", encoding="utf-8", errors="surrogatepass")
