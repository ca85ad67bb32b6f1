"""`python -m crawler.newsroom`: serve the pretend news sites to people, until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import suppress

from crawler.newsroom import Newsroom
from crawler.newsroom.room import ADDRESS
from crawler.newsroom.stories import EDITIONS


def main() -> int:
    """Read the options, serve, and go when asked to."""
    parser = argparse.ArgumentParser(prog="python -m crawler.newsroom", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: a free one)")
    parser.add_argument("--edition", type=int, default=1, choices=EDITIONS, help="which edition to serve")
    options = parser.parse_args()
    try:
        with Newsroom(port=options.port, edition=options.edition) as room:
            say = sys.stdout.write
            for name, home in room.homes.items():
                say(f"{home:40} {name}\n")
            host = room.hosts[0]
            say(f"\nTry: curl --resolve {host}:{room.port}:{ADDRESS} http://{host}:{room.port}/\n")
            say(f" or: http_proxy=http://{ADDRESS}:{room.port} curl http://{host}/\n")
            sys.stdout.flush()
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"The newsroom could not listen on port {options.port}: {error.strerror}.\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
