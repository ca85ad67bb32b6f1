"""The newsroom: bundled pretend news sites, for the demonstration, the tests and the benchmarks.

Seven outlets in six languages under the reserved domain `.test`, each with a template of its own, in two
editions; every answer is made on this machine, and nothing of it was ever on the Internet.

    with Newsroom() as room:
        ...  # crawl room.urls() through room.resolve
        room.edition = 2
        ...  # crawl again, and look at room.log
"""

from crawler.newsroom.room import Newsroom
from crawler.newsroom.server import Exchange
from crawler.newsroom.stories import Expected

__all__ = ["Exchange", "Expected", "Newsroom"]
