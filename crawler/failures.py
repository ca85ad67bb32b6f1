"""failures: every way in which a request can fail, as one word for counting and one sentence for people."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from scrapy.exceptions import IgnoreRequest, UnsupportedURLSchemeError

from crawler.wire import TooLarge

#: Words for faults that may pass: worth another try in the same run.
TRANSIENT = frozenset({"timeout", "reset", "incomplete", "truncated", "bad_encoding", "refused", "dns", "bad_response"})
#: Statuses that may pass. 429 and 503 close the host; they are tried again when it opens.
PASSING = frozenset({500, 502, 504, 520, 521, 522, 523, 524})
#: Statuses with which a host asks to be left alone for a while.
CLOSING = frozenset({429, 503})

_NOT_PUBLIC = "is no public address."


class Refused(IgnoreRequest):
    """A request that must not be made, or an answer that must not be taken: one word, one sentence."""

    def __init__(self, word: str, sentence: str) -> None:
        super().__init__(sentence)
        self.word, self.sentence = word, sentence


class AddressRefused(OSError):
    """The name led to an address that is not on the public internet and not on the allow-list."""

    def __init__(self, named: str) -> None:
        super().__init__(f"{named} {_NOT_PUBLIC}")


def failure_word(error: BaseException) -> tuple[str, str]:
    """One word for counting and one sentence for people, for any way in which a request can fail.

    address_refused, tls, dns, refused, timeout, reset, bad_response, bad_url, too_large, other, and the words that a
    Refused carries.
    """
    chain = _causes(error)
    for one in chain:
        if isinstance(one, Refused):
            return one.word, one.sentence
        if isinstance(one, TooLarge):
            return "too_large", _short(one)
        if isinstance(one, LineTooLong) or (isinstance(one, BadHttpMessage) and "Too many headers" in str(one)):
            return "too_large", "The head of the answer is longer than is read."
        # Where several addresses were tried, only the text of each failure is left.
        if isinstance(one, OSError) and _NOT_PUBLIC in str(one) and not isinstance(one, aiohttp.ClientResponseError):
            return "address_refused", "The host's address is not on the public internet, so nothing was asked of it."
        if isinstance(one, ssl.SSLError | ssl.CertificateError | aiohttp.ClientSSLError):
            return "tls", f"The secure connection could not be made ({_short(one)})."
    for one in chain:
        if isinstance(one, asyncio.TimeoutError | TimeoutError):
            return "timeout", "The answer did not come whole in time."
        if isinstance(one, aiohttp.ClientConnectorDNSError):
            return "dns", "The host's name has no address."
        if isinstance(one, UnsupportedURLSchemeError | aiohttp.InvalidURL | UnicodeError):
            return "bad_url", "The URL cannot be asked for."
        if isinstance(one, aiohttp.ClientResponseError):
            return "bad_response", f"The answer is not HTTP ({_short(one)})."
        if isinstance(one, aiohttp.ClientConnectorError):
            return "refused", "The host does not accept connections."
        if isinstance(one, aiohttp.ClientError | ConnectionError):
            return "reset", "The connection ended without an answer."
    return "other", f"{type(error).__name__}: {_short(error)}"


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting and len(chain) < 20:
        one = waiting.pop(0)
        if one is None or one in chain:
            continue
        chain.append(one)
        waiting += [one.__cause__, getattr(one, "os_error", None), one.__context__]
    return chain


def _short(error: BaseException) -> str:
    # Bytes that a server sent may be quoted in it, and not all of them are text.
    return " ".join(str(error).encode("utf-8", "replace").decode().split())[:200]
