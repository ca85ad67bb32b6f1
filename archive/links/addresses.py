"""Whose address it is, and whether it looks like an article's: judged by its shape and its path's words alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from archive.sites import Site
from archive.urls import clean_url


def words_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Labels that stand below a country's domain and belong to everybody (the common ones of the Public Suffix List).
_SHARED_LABELS = words_of("ac asn co com edu ed gen go gob gouv gov id info ltd mil ne net nom or org press web")


@lru_cache(1_000)
def domain_of(host: str) -> str:
    """The registrable domain, near enough without the Public Suffix List; addresses and bare names keep their port."""
    name, _, _ = host.partition(":")
    labels = name.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or host.startswith("["):
        return host
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED_LABELS else 2
    return ".".join(labels[-size:])


@dataclass(frozen=True, slots=True)
class Outlet:
    """Whose listing it is: the base of relative links, the page itself, the domains, and the site's own pattern."""

    page: str
    own: str
    domains: frozenset[str]
    pattern: re.Pattern[str] | None = None

    @classmethod
    def of(cls, url: str, site: Site | None) -> Outlet:
        own = clean_url(url) or url
        urls = [own, *([site.home, *site.sections] if site else [])]
        domains = frozenset(domain_of(urlsplit(u).netloc) for u in urls if clean_url(u))
        return cls(url, own, domains, re.compile(site.articles) if site and site.articles else None)

    def joined(self, url: str) -> Outlet:
        """The same, when the content names the outlet's page (a feed may be served from another house)."""
        cleaned = clean_url(url, self.page) if url else None
        return replace(self, domains=self.domains | {domain_of(urlsplit(cleaned).netloc)}) if cleaned else self

    def owns(self, url: str) -> bool:
        return domain_of(urlsplit(url).netloc) in self.domains

    def takes(self, url: str, listed: bool) -> bool:
        """Whether an address of a feed or sitemap is an article's; listed: the format says that it is one."""
        if not self.owns(url) or url == self.own:
            return False
        if self.pattern:
            return bool(self.pattern.search(url))
        if listed:
            return not other_kind(url)
        points = address_points(url)
        return points is not None and points >= 1.5


#: Path segments, as whole segments, in the languages that name them so. Below these there is a film, a row of pictures
#: or an advertisement, never an article …
_MEDIA = words_of(
    """
    video videos videoteca mediathek livestream live-tv podcast podcasts tv-shows gallery galleries galerie galerien
    galeria galerias fotogalerie fotogalerien fotostrecke fotostrecken bildergalerie photos photo photo-gallery
    photogallery picture-gallery pictures slideshow diaporama portfolio fotos fotogaleria photostory sponsored
    advertorial advertorials branded-content brandcontent partner-content paid-content paidcontent anzeige anzeigen
    native promotion multimedia image images
    """
)
#: … and these are no pages of the outlet's own readers' news at all: accounts, searches, files, feeds, advertising.
_NO_NEWS = words_of(
    """
    login log-in signin sign-in signup sign-up register registration account my-account myaccount konto logout auth
    sso oauth subscribe subscription subscriptions abo abos abonnement abonnements suscripcion suscripciones
    assinatura membership newsletter newsletters nieuwsbrief boletin boletines newsletter-anmeldung donate spenden
    search suche recherche buscar buscador busca ricerca zoeken sok arama rss feed feeds sitemap sitemaps advertise
    advertising publicidad werbung mediadaten sponsor coupons gutscheine vouchers annonse annonce annons reklame
    reklama attachment attachments article_photo epaper e-paper wp-login.php wp-admin cdn-cgi wp-content api users
    datenschutz impressum imprint forum forums foren threads
    """
)
_OTHER_KINDS = _MEDIA | _NO_NEWS
#: Labels put on articles, and people: below these there is an article only where the address holds a whole date.
_LABELS = words_of(
    """
    tag tags tagged etiqueta etiquetas etikett mot-cle schlagwort stichwort topic topics tema temas theme themes thema
    themen dossier dossiers keyword keywords category categories kategorie categoria subject subjects label labels
    sekce sektion author authors autor autores autoren autori auteur auteurs autore autorzy writer writers profile
    profiles journalist journalists columnist columnists reporter staff byline bylines contributor contributors team
    redaktion redaccion korrespondenten series region regions location
    """
)
#: Sections and services that may hold articles; they are none themselves, so they never stand last.
_SECTIONS = words_of(
    """
    archive archives archiv archivo about about-us contact contact-us contacts privacy privacy-policy terms agb legal
    faq terms-of-service terms-of-use terms-and-conditions cookies cookie-policy disclaimer help hilfe kontakt
    nutzungsbedingungen jobs careers karriere shop store games spiele puzzles crossword sudoku quiz horoscope horoskop
    wetter weather comments kommentare share print feedback settings tv radio audio play player live partners latest
    trending
    """
)
#: What an outlet sells, lists or says of itself; an address that names it needs more than that to be an article's.
_SERVICES = words_of(
    """
    service services corporate company unternehmen intern about-us ueber-uns uber-uns om-oss om-os quienes-somos
    chi-siamo microsite event events veranstaltungen evento eventos job jobs career careers stellenmarkt classifieds
    marktplatz specials coupon coupons shop shopping-deals aktie aktien kurse quote quotes stocks annonces tickets
    ticket results resultats resultados risultati ergebnisse tabelle tabellen fixtures scores live-ticker liveticker
    sonderveroeffentlichung sonderveroeffentlichungen advertorials present campaign promo estaticos pages static
    spiele games onlinespiele
    """
)
_SERVICE_SLUG = re.compile(
    r"(?i)impressum|datenschutz|nutzungsbeding|jugendschutz|newsletter|abonnement|(^|-)(rss|agb|faq|whatsapp)(-|$)|privacy|"
    r"cookie|terms-(of|and)|code-of-conduct|code-of-ethics|about-(us|the|our)|contact-us|mentions-legales|aviso-legal|"
    r"politica-de|politique-de-conf|kodex|gizlilik|kvkk|whistleblow|advertis|(^|-)donat"
)
_ASSET = re.compile(
    r"(?i)\.(jpe?g|png|gif|webp|avif|svg|ico|css|js|mjs|json|xml|rss|atom|pdf|epub|zip|gz|mp[34]|m4[av]|webm|ogg|wav|m3u8|"
    r"docx?|xlsx?|pptx?|woff2?|ttf|exe|apk|ics|txt)$"
)
_DATE = re.compile(
    r"(?<!\d)((19|20)\d\d[/_.-]?(0[1-9]|1[0-2])[/_.-]?(0[1-9]|[12]\d|3[01])(?!\d)"  # 2026/02/03, 2026-02-03, 20260203
    r"|(19|20)\d\d/(0?[1-9]|1[0-2])(?=/)|(19|20)\d\d/(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*/\d)"
)
_HEX = re.compile(
    r"(?i)(?<![a-z0-9])(?=[a-z]*\d)(?=\d*[a-z])[0-9a-f]{8,}(?![a-z0-9])|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"
)
_MIXED = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{7,}$")
_PERSON = re.compile(r"(author|autor|auteur|autore|profile|tag)[-_]")
_ID_KEY = re.compile(r"(?i)(id|no|num|artikel|article|story|news|idx|key|^p|^a)$")
_RETURN_KEY = re.compile(
    r"(?i)^(redirect|return|next|referr?er|url|u|back|continue|dest|amp|print|view|output|format|replytocom|share)"
)
#: Query keys of another form of the same page: its print, its comments.
_FORM_KEY = re.compile(r"(?i)(?:^|&)(?:view|amp|print|share|replytocom)=")
_WORDS = re.compile(r"[^\W\d_]{2,}")
PAGE_FILE = re.compile(r"(?i)\.(s?html?|php\d?|aspx?|jsp|do|cms|ece|amp|story|stm)$")
WORD_BREAK = re.compile(r"[-_+\s.,·]+")


def other_kind(url: str) -> bool:
    """Whether an address is certainly no article's, whoever lists it: a file, a service, a video, a gallery."""
    path = unquote(urlsplit(url).path)
    segments = [s.lower() for s in path.split("/") if s]
    if _ASSET.search(path) or not _OTHER_KINDS.isdisjoint(segments) or segments[:1] == ["tv"]:
        return True
    return bool(segments) and segments[-1].partition(".")[0] in _OTHER_KINDS


#: Lists by what they are called in addresses; an article may stand below such a word, a teaser's link never ends there.
_LISTS = words_of(
    """
    rubrik rubriken rubric rubrics rubrique rubriques section sections sezioni hashtag hashtags by verfasser
    perfil profil profils redakteure redaktion redazione help faq companies companynews gutscheincode uploads pdf
    share sharer print about about-us privacy terms contact kontakt shop jobs careers karriere stellenmarkt
    """
)


def leads_elsewhere(url: str) -> bool:
    """Whether an address leads to a list, a person, a service or a file: to no teaser's article, film or gallery."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    segments = [s.lower() for s in path.split("/") if s]
    if not segments or _ASSET.search(path) or not _NO_NEWS.isdisjoint(segments):
        return True
    named = not re.search(r"\d{6}", path) and not _HEX.search(path)  # /thema/a-headline/497039969 is an article
    if named and not (_LABELS | _LISTS).isdisjoint(segments):
        return True
    # A headline may tell of donations or cookies; a service's own page is called so in few words.
    service = _SERVICE_SLUG.search(segments[-1]) is not None and len(_WORDS.findall(segments[-1])) <= 4
    return service or _FORM_KEY.search(parts.query) is not None


def address_points(url: str) -> float | None:
    """How far an address looks like an article's by its shape alone; None where it is certainly none."""
    if other_kind(url):
        return None
    parts = urlsplit(url)
    path = unquote(parts.path)
    segments = [s.lower() for s in path.split("/") if s]
    query = parse_qsl(parts.query)
    ids = [v for k, v in query if _ID_KEY.search(k) and re.search(r"\d", v)]
    points = 2.0 if any(re.search(r"\d{3}", v) for v in ids) else 1.0 if ids else 0.0
    points -= 3.0 if any(_RETURN_KEY.search(k) or v.startswith("http") for k, v in query) else 0.0
    if not segments:
        return points or None
    if segments[-1] in _SECTIONS:
        return None
    last = PAGE_FILE.sub("", segments[-1])
    dated = _DATE.search(path)
    if dated and path[dated.start() - 1] == "/" and not path[dated.end() :].strip("/"):
        return None  # a day's or a month's archive
    if not dated and any(s in _LABELS or _PERSON.match(s) for s in segments):
        if not re.search(r"\d{6}", segments[-1]):
            return None
        points -= 4.0
    points -= 2.5 if not _SERVICES.isdisjoint(segments) or _SERVICE_SLUG.search(last) else 0.0
    points += 3.0 if dated else 0.0
    points += 1.0 if last != segments[-1] and last not in ("index", "default", "home") else 0.0
    points += max(_slug_points(s) for s in (last, *segments[-2:-1]))
    points += _id_points(last, segments)
    return points - 1.0 if len(segments) == 1 and points < 2 else points


def _slug_points(segment: str) -> float:
    """A headline written into an address: many words, or many letters of a script that needs no hyphens."""
    if not segment.isascii() and sum(c.isalpha() and ord(c) > 0x2E7F for c in segment) >= 6:
        return 2.0
    words = [w for w in WORD_BREAK.split(segment) if len(w) > 1 and not w.isdigit()]
    return {0: 0.0, 1: -1.0, 2: -0.5, 3: 0.75, 4: 1.5}.get(len(words), 2.5)


def _id_points(last: str, segments: list[str]) -> float:
    """A number or code that names one article, in one of the last two segments."""
    tail = "/".join(segments[-2:])
    digits = max((len(d) for d in re.findall(r"\d+", tail)), default=0)
    if digits >= 6 or _HEX.search(tail) or _MIXED.search(last):
        return 2.5
    return {5: 2.0, 4: 1.0, 3: 1.0}.get(digits, 0.0)


def shape_of(url: str) -> str:
    """The manner in which an address is written: its last two segments with letters and digits reduced to classes."""
    parts = urlsplit(url)
    segments = [s for s in unquote(parts.path).lower().split("/") if s]
    classes = [_segment_class(s) for s in segments[-2:]]
    if len(segments) > 1 and classes[-1] in ("w", "9") and classes[-2] == "w":
        classes[-2] = segments[-2]  # /article/123456: here the word tells more than that it is one
    return f"{'/'.join(classes)}|{'&'.join(sorted({k for k, _ in parse_qsl(parts.query)}))}"


def _segment_class(segment: str) -> str:
    stem = PAGE_FILE.sub("", segment)
    longest = max(map(len, re.findall(r"\d+", stem)), default=0)
    words = sum(1 for w in WORD_BREAK.split(stem) if w and not w.isdigit())
    letters = "s" if words >= 4 or len(stem) > 40 else "w" if words else ""
    return letters + ("9" if longest >= 5 else "4" if longest else "") + segment[len(stem) :]


def bare_host(url: str) -> str:
    return re.sub(r"^(www\d?|m|mobile|amp)\.", "", urlsplit(url).netloc)
