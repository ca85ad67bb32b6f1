-- Time: what was due, missed and why; what is to be looked at next; what absence shows.

ALTER TABLE runs ADD COLUMN planned TEXT CHECK (planned IN ('lists', 'looks'));
ALTER TABLE runs ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN missed_why TEXT;
CREATE INDEX runs_by_start ON runs (started_at);
CREATE INDEX runs_open ON runs (site, due) WHERE state IN ('queued', 'running');

-- When `foreigndesk schedule` ran, a row a process: from started_at to ended_at, or to beat_at where it just died.
CREATE TABLE schedules (
    started_at TEXT PRIMARY KEY, pid INTEGER NOT NULL, beat_at TEXT NOT NULL, ended_at TEXT
) STRICT, WITHOUT ROWID;

-- What the schedule that ran last visits, each with its entry.
CREATE TABLE planned_sites (site TEXT PRIMARY KEY, entry TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Sites that somebody told the schedule to leave alone: since, until (null: until further notice).
CREATE TABLE pauses (
    site TEXT NOT NULL, since TEXT NOT NULL, until TEXT, reason TEXT, PRIMARY KEY (site, since)
) STRICT, WITHOUT ROWID;

-- What is to be fetched next, and when. Made from captures and readings as they are kept, in their transaction.
CREATE TABLE frontier (
    url TEXT PRIMARY KEY REFERENCES pages (url), site TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('article', 'section', 'feed', 'sitemap')),
    due_at TEXT, why TEXT NOT NULL, born_at TEXT NOT NULL, first_at TEXT, looked_at TEXT,
    looks INTEGER NOT NULL DEFAULT 0, changes REAL NOT NULL DEFAULT 0, exposure REAL NOT NULL DEFAULT 0,
    hint TEXT, hinted_at TEXT, fooled INTEGER NOT NULL DEFAULT 0, every REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX frontier_by_due ON frontier (site, kind, due_at) WHERE due_at IS NOT NULL;

-- Known pages of an older file are weighed when their site is next visited.
INSERT INTO frontier (url, site, kind, due_at, why, born_at)
SELECT url, site, kind, discovered_at, 'unweighed', discovered_at FROM pages WHERE kind = 'article';

-- ------------------------------------------------------------------------------------------------------------ views

-- aliases: addresses that are another page's, whose text is kept there: they moved, or are a form of it.
CREATE VIEW aliases AS
SELECT a.url, a.site, a.target
FROM (SELECT p.url, p.site, coalesce((SELECT t.alias_of FROM pages t WHERE t.url = p.alias_of), p.alias_of) AS target
      FROM pages p WHERE p.alias_of IS NOT NULL) a
WHERE a.target <> a.url
  AND EXISTS (SELECT 1 FROM extraction_rows e WHERE e.url = a.target AND e.current = 1 AND e.text_digest IS NOT NULL);

-- articles: the newest text of each article; what is no article (a stub, a wall, an error) never replaces it. An
-- article that moved is shown once, under its new address.
DROP VIEW articles;
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
WHERE p.kind = 'article' AND (p.alias_of IS NULL OR NOT EXISTS (SELECT 1 FROM aliases a WHERE a.url = p.url));

-- looks: every look at an article, what it showed, and when the look before it was: between the two nobody looked.
CREATE VIEW looks AS
SELECT c.url, c.captured_at, c.site, c.status, c.error,
       CASE WHEN c.error IN ('robots', 'robots_unreachable', 'crawl_delay', 'postponed', 'address_refused', 'reserved')
            THEN 'refused'
            WHEN c.error IS NOT NULL THEN 'failed'
            WHEN c.status IN (404, 410, 451) THEN 'removed'
            WHEN c.status BETWEEN 300 AND 399 AND c.status <> 304 THEN 'moved'
            WHEN c.status NOT IN (200, 203, 304) THEN 'failed'
            WHEN e.url IS NULL THEN 'unread'
            WHEN e.text_digest IS NULL THEN 'not article'
            ELSE 'text' END AS shows,
       CASE WHEN c.error IS NULL AND c.status IN (200, 203, 304) THEN e.text_digest END AS text_digest,
       lag(c.captured_at) OVER (PARTITION BY c.url ORDER BY c.captured_at) AS looked_before
FROM capture_rows c
JOIN pages p ON p.url = c.url AND p.kind = 'article' AND p.hidden_at IS NULL
LEFT JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1;

-- spans: for how long looks at an article agreed. From first_seen to last_seen every look showed the same; between
-- last_seen and the next span's first_seen (next_seen), and between looks (longest_gap, in seconds), nobody looked.
CREATE VIEW spans AS
SELECT url, site, shows, text_digest, min(captured_at) AS first_seen, max(captured_at) AS last_seen, count(*) AS looks,
       max(CASE WHEN begins THEN 0.0 ELSE (julianday(captured_at) - julianday(looked_before)) * 86400.0 END)
           AS longest_gap,
       CASE WHEN max(next_at IS NULL) = 0 THEN max(next_at) END AS next_seen
FROM (SELECT *, sum(begins) OVER (PARTITION BY url ORDER BY captured_at) AS span,
             lead(captured_at) OVER (PARTITION BY url ORDER BY captured_at) AS next_at
      FROM (SELECT *, (lag(shows) OVER w IS NOT shows OR lag(text_digest) OVER w IS NOT text_digest) AS begins
            FROM looks WINDOW w AS (PARTITION BY url ORDER BY captured_at)))
GROUP BY url, span;
