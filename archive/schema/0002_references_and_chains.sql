-- Bodies coded against references, headers and lists of links kept once, captures chained, pages that can be hidden
-- or erased. Rows are copied over; nothing is read again.

DROP VIEW fronts;
DROP VIEW related_links;
DROP VIEW revisions;
DROP VIEW articles;
DROP VIEW latest;
DROP VIEW mementos;
DROP INDEX pages_by_site;
DROP INDEX captures_by_site;
DROP INDEX extractions_by_text;
DROP INDEX links_by_target;
ALTER TABLE pages RENAME TO old_pages;
ALTER TABLE snapshots RENAME TO old_snapshots;
ALTER TABLE bodies RENAME TO old_bodies;
ALTER TABLE captures RENAME TO old_captures;
ALTER TABLE extractions RENAME TO old_extractions;
ALTER TABLE links RENAME TO old_links;

-- ------------------------------------------------------------------------------------------------------------ facts

CREATE TABLE pages (
    url TEXT NOT NULL PRIMARY KEY, site TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('article', 'section', 'feed', 'sitemap', 'robots')),
    discovered_at TEXT NOT NULL, discovered_on TEXT, alias_of TEXT, hidden_at TEXT, hidden_why TEXT
) STRICT;
CREATE INDEX pages_by_site ON pages (site, kind);
CREATE INDEX pages_hidden ON pages (url) WHERE hidden_at IS NOT NULL;

-- How a payload is stored here: another file may store it otherwise. The numbers are this file's own, and even: where a
-- body is cut (parts = 2), the number after it is that of its second row, with the codec 'more'.
CREATE TABLE bodies (
    id INTEGER PRIMARY KEY AUTOINCREMENT, codec TEXT NOT NULL CHECK (codec IN ('zstd', 'zstd-patch', 'more')),
    reference INTEGER REFERENCES bodies (id), crc32 INTEGER, parts INTEGER NOT NULL, packed INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL, CHECK ((reference IS NOT NULL) = (codec = 'zstd-patch'))
) STRICT;
CREATE INDEX bodies_by_reference ON bodies (reference) WHERE reference IS NOT NULL;

CREATE TABLE snapshots (
    digest TEXT PRIMARY KEY, length INTEGER NOT NULL, body INTEGER REFERENCES bodies (id),
    kept_as TEXT REFERENCES snapshots (digest), shared INTEGER NOT NULL DEFAULT 0,
    CHECK ((body IS NULL) = (kept_as IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshots_kept_as ON snapshots (kept_as) WHERE kept_as IS NOT NULL;

-- The pages that a site's next pages are tried against.
CREATE TABLE site_references (
    site TEXT NOT NULL, body INTEGER NOT NULL REFERENCES bodies (id), pages INTEGER NOT NULL, usual REAL NOT NULL,
    lately REAL NOT NULL, used_at TEXT NOT NULL, PRIMARY KEY (site, body)
) STRICT, WITHOUT ROWID;

-- Header sets and the like, which many rows share: kept once under the first 16 hex digits of their SHA-256.
CREATE TABLE shared_values (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE capture_rows (
    url TEXT NOT NULL REFERENCES pages (url), captured_at TEXT NOT NULL, site TEXT NOT NULL, due TEXT,
    status INTEGER, reason TEXT, digest TEXT REFERENCES snapshots (digest), wire_digest TEXT, location TEXT,
    etag TEXT, last_modified TEXT, content_type TEXT, http_version TEXT, ip TEXT,
    error TEXT, detail TEXT, attempts INTEGER NOT NULL DEFAULT 1,
    tls TEXT REFERENCES shared_values (name), next_try TEXT, reserved TEXT, wire_length INTEGER,
    request_set TEXT REFERENCES shared_values (name), request_changes TEXT,
    response_set TEXT REFERENCES shared_values (name), response_changes TEXT,
    link INTEGER, seal TEXT,
    PRIMARY KEY (url, captured_at), CHECK (status IS NOT NULL OR error IS NOT NULL)
) STRICT;
CREATE INDEX captures_by_site ON capture_rows (site, captured_at);
CREATE INDEX captures_by_next_try ON capture_rows (next_try) WHERE next_try IS NOT NULL;

CREATE TABLE chain (
    site TEXT NOT NULL, due TEXT NOT NULL, link INTEGER NOT NULL, records INTEGER NOT NULL, sealed_at TEXT NOT NULL,
    head TEXT NOT NULL, PRIMARY KEY (site, due, link)
) STRICT, WITHOUT ROWID;

-- What is left of erased captures: enough to walk the chain, too little to tell what they held.
CREATE TABLE redactions (
    site TEXT NOT NULL, due TEXT NOT NULL, link INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (site, due, link, record)
) STRICT, WITHOUT ROWID;
CREATE TABLE tombstones (
    kind TEXT NOT NULL CHECK (kind IN ('url', 'domain', 'digest')), name TEXT NOT NULL, erased_at TEXT NOT NULL,
    reason TEXT NOT NULL, erased TEXT NOT NULL, PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- Backups that were made of the file: whoever erases must know of them.
CREATE TABLE copies (made_at TEXT NOT NULL, place TEXT NOT NULL, PRIMARY KEY (made_at, place)) STRICT, WITHOUT ROWID;

-- --------------------------------------------------------------------------------------------------------- opinions

CREATE TABLE extraction_rows (
    url TEXT NOT NULL, digest TEXT NOT NULL REFERENCES snapshots (digest), extractor TEXT NOT NULL,
    text_digest TEXT REFERENCES texts (digest), links_digest TEXT, byline TEXT, authors TEXT,
    published_at TEXT, modified_at TEXT, language TEXT, section TEXT, kind TEXT NOT NULL, problem TEXT,
    fields_set TEXT REFERENCES shared_values (name), fields_changes TEXT, extracted_at TEXT NOT NULL,
    current INTEGER NOT NULL CHECK (current IN (0, 1)), seal TEXT,
    PRIMARY KEY (url, digest, extractor)
) STRICT;
CREATE INDEX extractions_by_text ON extraction_rows (text_digest) WHERE text_digest IS NOT NULL;
CREATE INDEX extractions_by_list ON extraction_rows (links_digest) WHERE links_digest IS NOT NULL;

-- A list of links is kept once, and so is a link of a box; the view `links` puts them together. Numbers as in bodies.
CREATE TABLE lists (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE targets (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, times INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX targets_by_times ON targets (times) WHERE times > 0;
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES targets (id),
    kind TEXT NOT NULL CHECK (kind IN ('readers', 'related', 'recommended', 'front')),
    heading TEXT, text TEXT, href TEXT, published TEXT, modified TEXT
) STRICT;
CREATE INDEX entries_by_target ON entries (target);
CREATE TABLE listed (
    list INTEGER NOT NULL REFERENCES lists (id), rank INTEGER NOT NULL, entry INTEGER NOT NULL REFERENCES entries (id),
    PRIMARY KEY (list, rank, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX listed_by_entry ON listed (entry);

-- How many snapshots of pages recommended a target, by the day on which they were first captured.
CREATE TABLE recommendations (
    site TEXT NOT NULL, day TEXT NOT NULL, kind TEXT NOT NULL, target INTEGER NOT NULL REFERENCES targets (id),
    times INTEGER NOT NULL, PRIMARY KEY (site, day, kind, target)
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------------------------------------- rows copied over

INSERT INTO pages (url, site, kind, discovered_at, discovered_on, alias_of)
SELECT url, site, kind, discovered_at, discovered_on, alias_of FROM old_pages;

UPDATE sites SET entry = json_set(entry, '$.body', json(entry -> '$.keep'), '$.keep', 'all')
WHERE json_type(entry, '$.keep') = 'array';

INSERT INTO bodies (id, codec, crc32, parts, body)
SELECT 2 * b.rowid, s.codec, crc32(b.body), 1, b.body FROM old_bodies b JOIN old_snapshots s ON s.digest = b.digest;

INSERT INTO snapshots (digest, length, body, shared)
SELECT s.digest, s.length, 2 * b.rowid,
       (SELECT min(c.url) <> max(c.url) FROM old_captures c WHERE c.digest = s.digest) IS 1
FROM old_snapshots s JOIN old_bodies b ON b.digest = s.digest;

INSERT OR IGNORE INTO shared_values (name, value) SELECT short_digest(json(request_headers)), json(request_headers)
FROM old_captures WHERE request_headers IS NOT NULL;

INSERT OR IGNORE INTO shared_values (name, value) SELECT short_digest(json(response_headers)), json(response_headers)
FROM old_captures WHERE response_headers IS NOT NULL;

INSERT INTO capture_rows (url, captured_at, site, due, status, reason, digest, wire_digest, location, etag, last_modified,
                      content_type, http_version, ip, error, detail, attempts, request_set, response_set)
SELECT url, captured_at, site, due, status, reason, digest, wire_digest, location, etag, last_modified, content_type,
       http_version, ip, error, detail, attempts, short_digest(json(request_headers)),
       short_digest(json(response_headers))
FROM old_captures ORDER BY captured_at, url;

INSERT OR IGNORE INTO shared_values (name, value)
SELECT short_digest(json(fields)), json(fields) FROM old_extractions;

CREATE TEMP TABLE renamed AS
SELECT list, list_digest(json_group_array(json_array(kind, rank, target, text, heading, href, published, NULL))) AS digest
FROM old_links GROUP BY list;

INSERT INTO extraction_rows (url, digest, extractor, text_digest, links_digest, byline, authors, published_at, modified_at,
                         language, section, kind, problem, fields_set, extracted_at, current)
SELECT url, digest, extractor, text_digest, (SELECT n.digest FROM renamed n WHERE n.list = links_digest), byline,
       authors, published_at, modified_at, language, section, kind, problem, short_digest(json(fields)), extracted_at,
       current
FROM old_extractions ORDER BY extracted_at, url;

INSERT INTO lists (digest) SELECT DISTINCT digest FROM renamed;

INSERT INTO targets (url) SELECT DISTINCT target FROM old_links;

UPDATE old_links SET href = NULL WHERE substr(target, -length(href)) = href;

INSERT INTO entries (target, kind, heading, text, href, published)
SELECT DISTINCT t.id, o.kind, o.heading, o.text, o.href, o.published
FROM old_links o JOIN targets t ON t.url = o.target;

INSERT OR IGNORE INTO listed (list, rank, entry)
SELECT l.id, o.rank, e.id FROM old_links o
JOIN renamed n ON n.list = o.list JOIN lists l ON l.digest = n.digest JOIN targets t ON t.url = o.target
JOIN entries e ON e.target = t.id AND e.kind = o.kind AND e.heading IS o.heading AND e.text IS o.text
    AND e.href IS o.href AND e.published IS o.published;

DROP TABLE renamed;

INSERT INTO recommendations (site, day, kind, target, times)
SELECT r.site, substr(r.first_at, 1, 10), n.kind, n.target, count(*)
FROM (SELECT min(c.site) AS site, min(c.captured_at) AS first_at, e.links_digest FROM extraction_rows e
      JOIN capture_rows c ON c.url = e.url AND c.digest = e.digest
      WHERE e.current = 1 AND e.links_digest IS NOT NULL GROUP BY e.url, e.digest) r
JOIN lists l ON l.digest = r.links_digest JOIN listed d ON d.list = l.id
JOIN entries n ON n.id = d.entry AND n.kind <> 'front'
GROUP BY 1, 2, 3, 4;

UPDATE targets SET times = coalesce((SELECT sum(r.times) FROM recommendations r WHERE r.target = targets.id), 0);

DROP TABLE old_links;
DROP TABLE old_extractions;
DROP TABLE old_captures;
DROP TABLE old_bodies;
DROP TABLE old_snapshots;
DROP TABLE old_pages;

-- ------------------------------------------------------------------------------------------------------------ views

-- captures: every fetch of a page, whatever came of it, with its headers as JSON pairs in order and case.
CREATE VIEW captures AS
SELECT url, captured_at, site, due, status, reason, digest, wire_digest, location, etag, last_modified, content_type,
       http_version, ip,
       CASE WHEN request_set IS NOT NULL THEN (
           SELECT json_group_array(json_array(j.value ->> 0,
                      coalesce(request_changes ->> ('$."' || j.key || '"'), j.value ->> 1)))
           FROM shared_values s, json_each(s.value) j WHERE s.name = request_set) END AS request_headers,
       CASE WHEN response_set IS NOT NULL THEN (
           SELECT json_group_array(json_array(j.value ->> 0,
                      coalesce(response_changes ->> ('$."' || j.key || '"'), j.value ->> 1,
                               CASE lower(j.value ->> 0) WHEN 'etag' THEN etag WHEN 'last-modified' THEN last_modified
                                                         WHEN 'content-type' THEN content_type END)))
           FROM shared_values s, json_each(s.value) j WHERE s.name = response_set) END AS response_headers,
       error, detail, attempts, (SELECT s.value FROM shared_values s WHERE s.name = tls) AS tls, next_try, reserved,
       wire_length, link, seal
FROM capture_rows;

-- extractions: what was read in a snapshot of a page, by whom; fields is JSON: where each value came from.
CREATE VIEW extractions AS
SELECT url, digest, extractor, text_digest, links_digest, byline, authors, published_at, modified_at, language, section,
       kind, problem,
       json_patch((SELECT s.value FROM shared_values s WHERE s.name = fields_set), coalesce(fields_changes, '{}')) AS fields,
       extracted_at, current
FROM extraction_rows;

-- mementos: every capture that shows a page's state, with what was read in it; a page's rows are its timemap.
CREATE VIEW mementos AS
SELECT c.url, c.captured_at, c.site, p.kind AS page_kind, c.status, c.digest, e.kind AS kind, e.text_digest,
       e.links_digest, e.problem
FROM capture_rows c
JOIN pages p ON p.url = c.url
LEFT JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1
WHERE c.digest IS NOT NULL AND c.status IN (200, 203, 304) AND c.error IS NULL AND p.hidden_at IS NULL;

-- latest: the newest memento of each page.
CREATE VIEW latest AS
SELECT m.* FROM pages p
JOIN mementos m ON m.url = p.url AND m.captured_at = (
    SELECT max(c.captured_at) FROM capture_rows c
    WHERE c.url = p.url AND c.digest IS NOT NULL AND c.status IN (200, 203, 304) AND c.error IS NULL);

-- articles: the newest text of each article; what is no article (a stub, a wall, an error) never replaces it.
CREATE VIEW articles AS
SELECT p.url, p.site, t.title, t.standfirst, t.text, t.words, e.byline, e.authors, e.published_at, e.modified_at,
       e.language, e.section, e.kind, e.problem,
       (SELECT min(c.captured_at) FROM capture_rows c WHERE c.url = p.url AND c.digest IS NOT NULL) AS first_captured_at,
       m.captured_at AS last_captured_at,
       (SELECT c.status FROM capture_rows c WHERE c.url = p.url AND c.status IS NOT NULL
        ORDER BY c.captured_at DESC LIMIT 1) AS last_status,
       m.digest, e.text_digest
FROM pages p
JOIN mementos m ON m.url = p.url AND m.captured_at = (
    SELECT c.captured_at FROM capture_rows c
    JOIN extraction_rows x ON x.url = c.url AND x.digest = c.digest AND x.current = 1 AND x.text_digest IS NOT NULL
    WHERE c.url = p.url AND c.status IN (200, 203, 304) AND c.error IS NULL ORDER BY c.captured_at DESC LIMIT 1)
JOIN extraction_rows e ON e.url = m.url AND e.digest = m.digest AND e.current = 1
JOIN texts t ON t.digest = e.text_digest
WHERE p.kind = 'article';

-- readings: what was read in each snapshot of a page, by whom, with its text and where each value came from.
CREATE VIEW readings AS
SELECT e.url, e.digest, e.extractor, e.current, e.kind, e.problem, t.title, t.standfirst, t.text, t.words, e.byline,
       e.authors, e.published_at, e.modified_at, e.language, e.section, e.text_digest, e.links_digest,
       json_patch(s.value, coalesce(e.fields_changes, '{}')) AS fields, e.extracted_at
FROM extraction_rows e LEFT JOIN shared_values s ON s.name = e.fields_set LEFT JOIN texts t ON t.digest = e.text_digest;

-- revisions: each change of an article's text over its captures, numbered from 1, computed at every asking.
CREATE VIEW revisions AS
SELECT s.url, row_number() OVER (PARTITION BY s.url ORDER BY s.captured_at) AS revision, s.captured_at, s.site,
       t.title, t.words, s.text_digest, s.previous
FROM (SELECT url, captured_at, site, text_digest, lag(text_digest) OVER (PARTITION BY url ORDER BY captured_at)
             AS previous
      FROM mementos WHERE page_kind = 'article' AND text_digest IS NOT NULL) s
JOIN texts t ON t.digest = s.text_digest
WHERE s.previous IS NULL OR s.previous <> s.text_digest;

-- links: lists of links, link by link.
CREATE VIEW links AS
SELECT l.digest AS list, n.kind, d.rank, t.url AS target, n.text, n.heading, n.href, n.published,
       n.modified
FROM lists l JOIN listed d ON d.list = l.id JOIN entries n ON n.id = d.entry JOIN targets t ON t.id = n.target;

-- related_links: what each capture of an article told its readers to read next, box by box, in order.
CREATE VIEW related_links AS
SELECT m.captured_at, m.url, m.site, l.kind, l.heading, l.rank, l.target, l.text,
       EXISTS (SELECT 1 FROM capture_rows c WHERE c.url = l.target AND c.digest IS NOT NULL) AS archived
FROM mementos m JOIN links l ON l.list = m.links_digest
WHERE l.kind <> 'front'
  AND NOT EXISTS (SELECT 1 FROM pages h INDEXED BY pages_hidden WHERE h.url = l.target AND h.hidden_at IS NOT NULL);

-- fronts: what a section page, feed or sitemap listed at each capture, in its order, with the headline as shown.
CREATE VIEW fronts AS
SELECT m.captured_at, m.url, m.site, m.page_kind AS kind, l.rank, l.target, l.text, l.heading, l.published, l.modified,
       EXISTS (SELECT 1 FROM capture_rows c WHERE c.url = l.target AND c.digest IS NOT NULL) AS archived
FROM mementos m JOIN links l ON l.list = m.links_digest
WHERE l.kind = 'front'
  AND NOT EXISTS (SELECT 1 FROM pages h INDEXED BY pages_hidden WHERE h.url = l.target AND h.hidden_at IS NOT NULL);

-- recommended: how many snapshots of a site's pages recommended a target, by day and kind of box.
CREATE VIEW recommended AS
SELECT r.site, r.day, r.kind, t.url AS target, r.times
FROM recommendations r JOIN targets t ON t.id = r.target
WHERE NOT EXISTS (SELECT 1 FROM pages h INDEXED BY pages_hidden WHERE h.url = t.url AND h.hidden_at IS NOT NULL);

-- headers: what was asked and answered, header by header, in order and case.
CREATE VIEW headers AS
SELECT c.url, c.captured_at, c.site, 'request' AS side, j.key + 1 AS position, j.value ->> 0 AS name,
       j.value ->> 1 AS value
FROM captures c JOIN json_each(c.request_headers) j
UNION ALL
SELECT c.url, c.captured_at, c.site, 'response', j.key + 1, j.value ->> 0, j.value ->> 1
FROM captures c JOIN json_each(c.response_headers) j;
