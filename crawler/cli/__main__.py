"""`python -m crawler.cli` is `foreigndesk`."""

from crawler.cli import main

main(prog_name="foreigndesk")
