"""Generated articles: as many as a benchmark wants, put together from each language's own vocabulary."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from crawler.newsroom.stories import Block, Outlet, Story, moment, slug_of

FOLDER = Path(__file__).parent / "vocabulary"
FIRST_NUMBER = 600_000
DAYS = 30


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A language's sentences with open places, and what may stand in them."""

    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    headings: tuple[str, ...]
    actors: tuple[str, ...]
    places: tuple[str, ...]
    topics: tuple[str, ...]
    people: tuple[str, ...]
    joint: str

    def fill(self, pattern: str, chance: random.Random) -> str:
        """The pattern with its places filled, its first letter a capital."""
        text = pattern.format(
            actor=chance.choice(self.actors),
            place=chance.choice(self.places),
            topic=chance.choice(self.topics),
            person=chance.choice(self.people),
            n=chance.randrange(12, 980),
            m=chance.randrange(3, 48),
        )
        return text[0].upper() + text[1:]

    def paragraph(self, chance: random.Random, patterns: Sequence[str]) -> str:
        """One paragraph of the given patterns."""
        return self.joint.join(self.fill(pattern, chance) for pattern in patterns)


@cache
def vocabulary(language: str) -> Vocabulary:
    """The vocabulary of a language."""
    data = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    lists = {name: tuple(value) for name, value in data.items() if isinstance(value, list)}
    return Vocabulary(**lists, joint=data["joint"])


def invented(outlet: Outlet, count: int, seed: str) -> list[Story]:
    """`count` stories for an outlet. The same seed gives the same stories, and a longer list begins alike."""
    if not count:
        return []
    words = vocabulary(outlet.language.partition("-")[0])
    stories: list[Story] = []
    titles: set[str] = set()
    for place in range(count):
        chance = random.Random(f"{seed}|{place}")  # noqa: S311 - not for secrets: the same stories are wanted again
        title = words.fill(chance.choice(words.titles), chance)
        while title in titles:
            title = words.fill(chance.choice(words.titles), chance)
        titles.add(title)
        stories.append(_story(outlet, words, place, title, chance))
    return stories


def _story(outlet: Outlet, words: Vocabulary, place: int, title: str, chance: random.Random) -> Story:
    number = FIRST_NUMBER + place
    hours = 24 * 8 + place * 24 * DAYS // 1000 % (24 * DAYS)
    zone = outlet.records[0]["published"].tzinfo
    published = moment(1).astimezone(zone) - timedelta(hours=hours, minutes=chance.randrange(60))
    order = chance.sample(words.sentences, len(words.sentences))
    body = [
        Block(words.paragraph(chance, [order[(3 * i + j) % len(order)] for j in range(3)]))
        for i in range(chance.randrange(5, 9))
    ]
    if len(body) > 6:
        body.insert(3, Block(words.fill(chance.choice(words.headings), chance), heading=True))
    return Story(
        key=f"generated-{number}",
        number=number,
        path=outlet.path_of(number, slug_of(title), published),
        title=title,
        section=outlet.section,
        authors=(chance.choice(words.people),),
        published=published,
        body=tuple(body),
        standfirst=words.paragraph(chance, [order[-1]]),
        caption=words.fill(chance.choice(words.headings), chance),
        credit=outlet.name,
        related=tuple(f"generated-{FIRST_NUMBER + other}" for other in (place - 1, place - 7) if other >= 0),
        generated=True,
    )
