"""The outlets' templates, one module each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from crawler.newsroom.outlets.template import Template
from crawler.newsroom.stories import load_outlets

TEMPLATES: Mapping[str, Template] = {
    key: import_module(f"crawler.newsroom.outlets.{key}").LOOK for key in load_outlets()
}

__all__ = ["TEMPLATES", "Template"]
