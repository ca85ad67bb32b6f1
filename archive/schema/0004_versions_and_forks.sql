-- Readings by several extractors told apart, pages that end their workers, and runs that went on in two files at once.

DROP VIEW revisions;
ALTER TABLE chain RENAME TO old_chain;

-- A run that was carried on in two copies of an archive has, once they are merged, two heads after the same link. (The
-- key's columns come first: SQLite 3.40 takes other orders for damage in a STRICT table without rowid.)
CREATE TABLE chain (
    site TEXT NOT NULL, due TEXT NOT NULL, link INTEGER NOT NULL, head TEXT NOT NULL, before TEXT NOT NULL,
    records INTEGER NOT NULL, sealed_at TEXT NOT NULL, PRIMARY KEY (site, due, link, head)
) STRICT, WITHOUT ROWID;

INSERT INTO chain (site, due, link, head, before, records, sealed_at)
SELECT site, due, link, head, lag(head, 1, '') OVER (PARTITION BY site, due ORDER BY link), records, sealed_at
FROM old_chain;

DROP TABLE old_chain;

-- Which of the heads of a link a record belongs to, where there is more than one.
CREATE TABLE forks (
    site TEXT NOT NULL, due TEXT NOT NULL, link INTEGER NOT NULL, record TEXT NOT NULL, head TEXT NOT NULL,
    PRIMARY KEY (site, due, link, record, head)
) STRICT, WITHOUT ROWID;

-- How often a snapshot has ended the worker that read it.
CREATE TABLE strikes (
    url TEXT NOT NULL, digest TEXT NOT NULL, extractor TEXT NOT NULL, problem TEXT NOT NULL, times INTEGER NOT NULL,
    failed_at TEXT NOT NULL, PRIMARY KEY (url, digest, extractor)
) STRICT, WITHOUT ROWID;

-- Readings of everything that were begun, by what they were to read (a digest of it), so that a cut one goes on.
CREATE TABLE rereadings (
    selection TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, PRIMARY KEY (selection, started_at)
) STRICT, WITHOUT ROWID;

-- quarantine: snapshots that ended their worker three times; they are left alone until --retry-quarantine.
CREATE VIEW quarantine AS
SELECT s.url, p.site, s.digest, s.extractor, s.problem, s.times, s.failed_at
FROM strikes s JOIN pages p ON p.url = s.url WHERE s.times >= 3;

-- revisions: each change of an article's text that the newsroom made, numbered from 1, computed at every asking. Two
-- captures are compared as one extractor read both; what only a template or an extractor changed is none.
CREATE VIEW revisions AS
SELECT r.url, row_number() OVER (PARTITION BY r.url ORDER BY r.captured_at) AS revision, r.captured_at, r.site,
       t.title, t.words, r.text_digest, r.previous, r.published_at, r.modified_at, r.extractor
FROM (SELECT s.*,
             CASE WHEN s.before IS NULL OR s.reader = s.extractor THEN s.old
                  ELSE coalesce((SELECT x.text_digest FROM extraction_rows x WHERE x.url = s.url AND x.digest = s.before
                                 AND x.extractor = s.extractor), s.old) END AS previous,
             CASE WHEN s.before IS NULL THEN 1 WHEN s.before = s.digest THEN 0
                  WHEN s.reader = s.extractor THEN s.old <> s.text_digest
                  ELSE coalesce((SELECT x.text_digest <> s.text_digest FROM extraction_rows x WHERE x.url = s.url
                                 AND x.digest = s.before AND x.extractor = s.extractor),
                                (SELECT y.text_digest <> s.old FROM extraction_rows y WHERE y.url = s.url
                                 AND y.digest = s.digest AND y.extractor = s.reader), 0) END AS edited
      FROM (SELECT c.url, c.captured_at, c.site, c.digest, e.text_digest, e.extractor, e.published_at, e.modified_at,
                   lag(c.digest) OVER w AS before, lag(e.text_digest) OVER w AS old, lag(e.extractor) OVER w AS reader
            FROM capture_rows c
            JOIN pages p ON p.url = c.url AND p.kind = 'article' AND p.hidden_at IS NULL
            JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1
                AND e.text_digest IS NOT NULL
            WHERE c.digest IS NOT NULL AND c.status IN (200, 203, 304) AND c.error IS NULL
            WINDOW w AS (PARTITION BY c.url ORDER BY c.captured_at)) s) r
JOIN texts t ON t.digest = r.text_digest
WHERE r.edited;
