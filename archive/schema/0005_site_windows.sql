-- What happened at a site in a week is read from the index alone, but for what was read in the pages: the rows of its
-- captures, long and far apart, were half of the way.

DROP INDEX captures_by_site;
CREATE INDEX captures_by_site ON capture_rows (site, captured_at, url, digest, status, error);
