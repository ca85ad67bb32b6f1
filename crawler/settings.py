"""Scrapy's settings, to be read as a checklist: polite, hardened, bounded. A run adds ARCHIVE, USER_AGENT and DUE."""

from __future__ import annotations

import os
from importlib.metadata import version

from crawler.captures import now

BOT_NAME = "foreigndesk"
SPIDER_LOADER_CLASS = "crawler.catalogue.Catalogue"  # every entry of the catalogue is a spider
ARCHIVE = "foreign-desk.db"  # the file that captures go into
CLOCK = now  # what captures are dated by; told in tests
EXTENSIONS = {
    "crawler.run.Ledger": 0,  # one row a run
    "scrapy.extensions.corestats.CoreStats": None,
    "scrapy.extensions.memusage.MemoryUsage": None,
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.spiderstate.SpiderState": None,
    "scrapy.extensions.throttle.AutoThrottle": None,
}
ITEM_PIPELINES = {"crawler.pipelines.StoreCaptures": 300}
BATCH_CAPTURES = 100  # captures in one transaction …
BATCH_SECONDS = 2.0  # … or this long after the first of them …
BATCH_BYTES = 16 << 20  # … or so many bytes of bodies
DISK_RESERVE = 1 << 30  # a run ends when fewer bytes of the disk are free …
DISK_RESERVE_SHARE = 0.05  # … or less than this share of it, whichever is less

# One event loop, no Twisted reactor: the same loop serves the crawl, the schedule and the tests.
TWISTED_REACTOR_ENABLED = False
FORCE_CRAWLER_PROCESS = False

# ---- polite
ROBOTSTXT_OBEY = False  # the stock middleware is off; ours, below, cannot be switched off by this
ROBOTSTXT_USER_AGENT = "foreigndesk"  # the product token that robots.txt groups are matched with
ROBOTS_SECONDS = 86_400.0  # robots.txt is asked for again after a day (RFC 9309 §2.4)
CRAWL_DELAY_MAX = 120.0  # a run waits no longer for a host: one that asks for more is left alone, and the run says so
DOWNLOAD_DELAY = 5.0  # seconds from the end of one request to a host to the start of the next, robots.txt included
DOWNLOAD_DELAY_JITTER = 0.0  # never shorter than what was promised
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_REQUESTS = 2  # in hand for one site: more would wait in the host's queue, where a stop waits for them too
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"  # what a page lists first is asked for first
RETRY_TIMES = 2  # more tries in the same run, behind all other requests …
RETRY_SECONDS = 5.0  # … after a pause of at most this, doubled with each, drawn with full jitter
BACKOFF_SECONDS = 30.0  # likewise for a host that answers 429 or 503 and names no time; up to a day
FAILED_SECONDS = 300.0  # likewise for a URL that failed all its tries, from one run to the next; up to a day
REDIRECT_MAX_TIMES = 10

# ---- hardened
REMOTE_CONTROL_ENABLED = False  # on by default: a server that runs Python sent to it
TELNETCONSOLE_ENABLED = False
DOWNLOAD_VERIFY_CERTIFICATES = True
COOKIES_ENABLED = False
REFERER_ENABLED = False
METAREFRESH_ENABLED = False
HTTPPROXY_ENABLED = False  # proxies of the environment (HTTP_PROXY) are never used …
PROXY = os.environ.get("FOREIGNDESK_PROXY")  # … one that is named here is: then whom it connects to is its duty
UNVERIFIED_HOSTS: list[str] = []  # hosts whose certificate is not verified (an entry's `tls`): each capture says so
DOWNLOAD_HANDLERS = {
    "http": "crawler.download.RawDownloadHandler",
    "https": "crawler.download.RawDownloadHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
RESOLVE: dict[str, str] = {}  # "host:port" -> "address:port", as curl's --resolve
ALLOWED_ADDRESSES: list[str] = []  # exact "address:port" pairs that may be connected to though they are not public

# ---- bounded
DOWNLOAD_MAXSIZE = 10 << 20  # bytes of a body, on the wire and after each decoding
DOWNLOAD_WARNSIZE = 0
HEAD_MAXSIZE = 64 << 10  # bytes of an answer's head
DOWNLOAD_TIMEOUT = 30.0  # seconds for one request as a whole, however slowly it drips
URL_SECONDS = 90.0  # seconds for a URL, over all its tries and the redirects that it leads through
URLLENGTH_LIMIT = 2083  # longer ones are no pages (archive.urls.MAX_URL)
PATH_REPEATS = 3  # a path that holds one segment more often goes round in circles
QUERY_KEYS = 6  # an article's address with more query keys is a filter's
QUERY_VARIANTS = 20  # sets of query keys that one path may have
QUEUE_PER_HOST = 20_000  # URLs of one host asked for in one run
WORKER_SECONDS = 20.0  # for one page in the hands of a worker process, which is then killed …
WORKER_MEMORY = 1 << 30  # … bytes of its address space
DEPTH_LIMIT = 0  # the spider counts for itself
CONCURRENT_ITEMS = 2  # Scrapy starts as many tasks for every response, whether it needs them or not

# ---- what is asked with
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}

# ---- middlewares: redirects, retries, decoding and validators are the spider's and the handler's
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # what was asked is known to the spider and the archive
DOWNLOADER_MIDDLEWARES_BASE = {
    "crawler.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
}
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
LOG_LEVEL = "WARNING"
LOGSTATS_INTERVAL = 0


def user_agent(contact: str | None) -> str:
    """How we name ourselves: product, version and whom to write to. contact: URL or mail address."""
    return (
        f"foreigndesk/{version('foreign-desk')} (+{contact})" if contact else f"foreigndesk/{version('foreign-desk')}"
    )


CONTACT = os.environ.get("FOREIGNDESK_CONTACT")  # whom a site may write to; without it only this machine is visited
USER_AGENT = user_agent(CONTACT)
