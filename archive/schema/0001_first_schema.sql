-- 0.1.0: every table and view.

CREATE TABLE sites (
    site TEXT PRIMARY KEY, name TEXT, home TEXT, language TEXT, country TEXT, entry TEXT, loaded_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    site TEXT NOT NULL, due TEXT NOT NULL, attempt INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'lost')),
    started_at TEXT, finished_at TEXT, outcome TEXT, funnel TEXT, software TEXT,
    PRIMARY KEY (site, due, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE pages (
    url TEXT PRIMARY KEY, site TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('article', 'section', 'feed', 'sitemap', 'robots')),
    discovered_at TEXT NOT NULL, discovered_on TEXT, alias_of TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX pages_by_site ON pages (site, kind, discovered_at);

CREATE TABLE snapshots (
    digest TEXT PRIMARY KEY, length INTEGER NOT NULL, codec TEXT NOT NULL, reference TEXT REFERENCES snapshots (digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE bodies (digest TEXT PRIMARY KEY REFERENCES snapshots (digest), body BLOB NOT NULL) STRICT;

CREATE TABLE captures (
    url TEXT NOT NULL REFERENCES pages (url), captured_at TEXT NOT NULL, site TEXT NOT NULL, due TEXT,
    status INTEGER, reason TEXT, digest TEXT REFERENCES snapshots (digest), wire_digest TEXT, location TEXT,
    etag TEXT, last_modified TEXT, content_type TEXT, http_version TEXT, ip TEXT,
    request_headers TEXT, response_headers TEXT, error TEXT, detail TEXT, attempts INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (url, captured_at), CHECK (status IS NOT NULL OR error IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX captures_by_site ON captures (site, captured_at);
CREATE INDEX captures_by_digest ON captures (digest) WHERE digest IS NOT NULL;

CREATE TABLE texts (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, title TEXT, standfirst TEXT, text TEXT NOT NULL,
    words INTEGER NOT NULL
) STRICT;

CREATE VIRTUAL TABLE texts_fts USING fts5 (
    title, standfirst, text, content='', tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);

CREATE TABLE extractions (
    url TEXT NOT NULL, digest TEXT NOT NULL REFERENCES snapshots (digest), extractor TEXT NOT NULL,
    text_digest TEXT REFERENCES texts (digest), links_digest TEXT, byline TEXT, authors TEXT,
    published_at TEXT, modified_at TEXT, language TEXT, section TEXT, kind TEXT NOT NULL, problem TEXT,
    fields TEXT NOT NULL, extracted_at TEXT NOT NULL, current INTEGER NOT NULL CHECK (current IN (0, 1)),
    PRIMARY KEY (url, digest, extractor)
) STRICT, WITHOUT ROWID;
CREATE INDEX extractions_by_text ON extractions (text_digest) WHERE text_digest IS NOT NULL;

CREATE TABLE links (
    list TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('readers', 'related', 'recommended', 'front')),
    rank INTEGER NOT NULL, target TEXT NOT NULL, text TEXT, heading TEXT, href TEXT, published TEXT,
    PRIMARY KEY (list, kind, rank)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_target ON links (target);

-- mementos: every capture that shows a page's state, with what was read in it; a page's rows are its timemap.
CREATE VIEW mementos AS
SELECT c.url, c.captured_at, c.site, p.kind AS page_kind, c.status, c.digest, e.kind AS kind, e.text_digest,
       e.links_digest, e.problem
FROM captures c
JOIN pages p ON p.url = c.url
LEFT JOIN extractions e ON e.url = c.url AND e.digest = c.digest AND e.current = 1
WHERE c.digest IS NOT NULL AND c.status IN (200, 203, 304) AND c.error IS NULL;

-- latest: the newest memento of each page.
CREATE VIEW latest AS
SELECT m.* FROM pages p
JOIN mementos m ON m.url = p.url AND m.captured_at = (
    SELECT max(c.captured_at) FROM captures c
    WHERE c.url = p.url AND c.digest IS NOT NULL AND c.status IN (200, 203, 304) AND c.error IS NULL);

-- articles: the newest text of each article; what is no article (a stub, a wall, an error) never replaces it.
CREATE VIEW articles AS
SELECT p.url, p.site, t.title, t.standfirst, t.text, t.words, e.byline, e.authors, e.published_at, e.modified_at,
       e.language, e.section, e.kind, e.problem,
       (SELECT min(c.captured_at) FROM captures c WHERE c.url = p.url AND c.digest IS NOT NULL) AS first_captured_at,
       m.captured_at AS last_captured_at,
       (SELECT c.status FROM captures c WHERE c.url = p.url AND c.status IS NOT NULL
        ORDER BY c.captured_at DESC LIMIT 1) AS last_status,
       m.digest, e.text_digest
FROM pages p
JOIN mementos m ON m.url = p.url AND m.captured_at = (
    SELECT c.captured_at FROM captures c
    JOIN extractions x ON x.url = c.url AND x.digest = c.digest AND x.current = 1 AND x.text_digest IS NOT NULL
    WHERE c.url = p.url AND c.status IN (200, 203, 304) AND c.error IS NULL ORDER BY c.captured_at DESC LIMIT 1)
JOIN extractions e ON e.url = m.url AND e.digest = m.digest AND e.current = 1
JOIN texts t ON t.digest = e.text_digest
WHERE p.kind = 'article';

-- revisions: each change of an article's text over its captures, numbered from 1, computed at every asking.
CREATE VIEW revisions AS
SELECT s.url, row_number() OVER (PARTITION BY s.url ORDER BY s.captured_at) AS revision, s.captured_at, s.site,
       t.title, t.words, s.text_digest, s.previous
FROM (SELECT url, captured_at, site, text_digest, lag(text_digest) OVER (PARTITION BY url ORDER BY captured_at)
             AS previous
      FROM mementos WHERE page_kind = 'article' AND text_digest IS NOT NULL) s
JOIN texts t ON t.digest = s.text_digest
WHERE s.previous IS NULL OR s.previous <> s.text_digest;

-- related_links: what each capture of an article told its readers to read next, box by box, in order.
CREATE VIEW related_links AS
SELECT m.captured_at, m.url, m.site, l.kind, l.heading, l.rank, l.target, l.text,
       EXISTS (SELECT 1 FROM captures c WHERE c.url = l.target AND c.digest IS NOT NULL) AS archived
FROM mementos m JOIN links l ON l.list = m.links_digest
WHERE l.kind <> 'front';

-- fronts: what a section page, feed or sitemap listed at each capture, in its order, with the headline as shown.
CREATE VIEW fronts AS
SELECT m.captured_at, m.url, m.site, m.page_kind AS kind, l.rank, l.target, l.text, l.heading, l.published,
       EXISTS (SELECT 1 FROM captures c WHERE c.url = l.target AND c.digest IS NOT NULL) AS archived
FROM mementos m JOIN links l ON l.list = m.links_digest
WHERE l.kind = 'front';
