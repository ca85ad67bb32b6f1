"""The lists that the rooms read: phrases with their language, weights, names. Data, so that people can mend them."""

from __future__ import annotations

from importlib.resources import files


def table(name: str) -> list[list[str]]:
    """The rows of `NAME.tsv` in this folder, without its header; each row its columns as text."""
    lines = files("archive.data").joinpath(f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]
