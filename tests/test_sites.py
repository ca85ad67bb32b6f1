"""The catalogue: entries are read as written, and an error says where and what to write instead."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from archive import Site, SiteError, UnknownSite, load_sites, pick, seconds
from crawler.catalogue import Catalogue
from crawler.places import SHIPPED

ENTRY = '[paper]\nname = "The Paper"\nhome = "https://paper.test/"\n'


def write(folder: Path, text: str, name: str = "sites.toml") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_an_entry(tmp_path: Path) -> None:
    more = 'sections = ["https://Paper.test/world#x"]\nfeeds = ["https://paper.test/rss"]\ncadence = "15m"\ndelay = 2\n'
    site = load_sites(write(tmp_path, ENTRY + more))["paper"]
    assert site.seeds() == [("feed", "https://paper.test/rss"), ("section", "https://paper.test/world")]
    assert (site.cadence, site.delay, site.revisit) == (900.0, 2.0, 900.0)
    assert pickle.loads(pickle.dumps(site)) == site
    assert Site.from_entry(site.entry()) == Site(**{**{f: getattr(site, f) for f in Site.__slots__}, "source": ""})


def test_later_places_win(tmp_path: Path) -> None:
    write(tmp_path, ENTRY, "a.toml")
    mine = write(tmp_path, ENTRY.replace("The Paper", "My Paper"), "z.toml")
    assert load_sites(tmp_path)["paper"].name == "My Paper"
    assert load_sites(mine, tmp_path / "a.toml")["paper"].name == "The Paper"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[paper]\nhome = "https://paper.test/"\nsectoins = []\n', ["line 3", "sectoins", "Did you mean sections"]),
        (
            '[paper]\nhome = "https://paper.test/"\n\nsections = "https://paper.test/w"\n',
            ["line 4", "sections", "list of URLs"],
        ),
        ('[paper]\nhome = "paper.test"\n', ["line 2", "home", "http"]),
        ('[a]\nhome = "https://a.test/"\n[b]\nname = "B"\n', ["line 3", "[b]", "home is missing"]),
        ('[a]\nhome = "https://a.test/"\ncadence = "soon"\n', ["line 3", "cadence", "15m"]),
        ("[a]\nhome = 'https://a.test/'\narticles = '('\n", ["line 3", "articles", "regular expression"]),
        ("[a]\nhome = 'https://a.test/'\nprune = ['//div[']\n", ["line 3", "prune", "XPath"]),
        ("[a]\nhome = 'https://a.test/'\ndelay = -1\n", ["line 3", "delay", "0 or more"]),
        ("[a]\nhome = 'https://a.test/'\ndepth = true\n", ["line 3", "depth", "whole number"]),
        ("[a]\nhome = 'https://a.test/'\ncountry = 'France'\n", ["line 3", "country", '"FR"']),
        ("[a]\nhome = 'https://a.test/'\nlanguage = 'AR'\n", ["line 3", "language", '"ar"']),
        ("[a]\nhome = 'https://a.test/'\ntrust = 'sure'\n", ["line 3", "trust", "unverified"]),
        ("[a]\nhome = 'https://a.test/'\nlast_seen = '2026-02-31'\n", ["line 3", "last_seen", "2026-11-24"]),
        ("[a]\nhome = 'https://a.test/'\nmax_lists = 'all'\n", ["line 3", "max_lists", "whole number"]),
        ('[a]\nhome = "https://a.test/\n', ["line 2", "TOML"]),
        ('name = "x"\n', ["line 1", "name", "outside"]),
        ("[Le Monde]\n", ["TOML"]),
        ('["Le Monde"]\nhome = "https://a.test/"\n', ["small letters"]),
    ],
)
def test_errors_say_where_and_what(tmp_path: Path, text: str, said: list[str]) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SiteError) as error:
        load_sites(file)
    for part in [str(file), *said]:
        assert part in str(error.value)


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(ENTRY.encode() + b'note = "caf\xe9"\n')
    with pytest.raises(SiteError, match=r"line 4.*UTF-8"):
        load_sites(tmp_path)


def test_nearest_names(tmp_path: Path) -> None:
    sites = load_sites(write(tmp_path, ENTRY.replace("[paper]", "[lemonde]") + ENTRY.replace("[paper]", "[spiegel]")))
    assert [s.key for s in pick(sites, ["spiegel", "lemonde"])] == ["spiegel", "lemonde"]
    with pytest.raises(UnknownSite, match="Did you mean lemonde"):
        pick(sites, ["lemond"])
    with pytest.raises(UnknownSite, match="sites list"):
        pick(sites, ["xyzzy"])


@pytest.mark.parametrize(
    ("text", "value"), [("90s", 90), ("15m", 900), ("1.5h", 5400), ("2d", 172800), ("1w", 604800), (7, 7)]
)
def test_lengths_of_time(text: str | int, value: float) -> None:
    assert seconds(text) == value


def test_shipped_catalogue_covers_the_worlds_press() -> None:
    """Every shipped entry is valid, can be visited, and says how far it can be trusted and why."""
    shipped = load_sites(SHIPPED).values()
    assert len(shipped) >= 350
    assert len({site.country for site in shipped}) >= 80
    assert len({site.language for site in shipped}) >= 45
    for site in shipped:
        assert site.seeds() or site.note, site.key
        assert site.trust in ("seen", "unverified"), site.key
        assert site.evidence, site.key
        assert "common knowledge" not in site.evidence or site.trust == "unverified", site.key


def test_every_outlet_is_a_spider() -> None:
    names = Catalogue(load_sites(SHIPPED)).list()
    assert "lemonde" in names
    assert Catalogue(load_sites(SHIPPED)).load("lemonde").name == "lemonde"
