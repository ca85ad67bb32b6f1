-- Questions that people ask an archive, with their SQL: what `foreigndesk query --saved NAME` runs and docs/cookbook.md
-- shows. Each begins with its name; then the question; then its parameters with what they are unless given. A test runs
-- them all.

-- name: newest_articles
-- What has been published lately?
-- :site = null, :most = 20
SELECT published_at, site, title, words, url
FROM articles
WHERE site IN (SELECT site FROM sites WHERE :site IS NULL OR site = :site) AND published_at IS NOT NULL
ORDER BY published_at DESC
LIMIT :most;

-- name: headline_changes
-- Which headlines were changed, from what to what?
-- :since = '0000'
SELECT r.captured_at, r.site, o.title AS old_headline, r.title AS new_headline, r.url
FROM revisions r JOIN texts o ON o.digest = r.previous
WHERE o.title <> r.title AND r.captured_at >= :since
ORDER BY r.captured_at DESC;

-- name: headline_changes_within_an_hour
-- Which headlines were changed within an hour of when we first saw them?
-- :hours = 1
SELECT r.site, round((julianday(r.captured_at) - julianday(f.captured_at)) * 24 * 60, 1) AS minutes,
       o.title AS old_headline, r.title AS new_headline, r.url
FROM revisions r JOIN texts o ON o.digest = r.previous JOIN revisions f ON f.url = r.url AND f.revision = 1
WHERE o.title <> r.title AND julianday(r.captured_at) - julianday(f.captured_at) <= :hours / 24.0
ORDER BY minutes;

-- name: who_reported_first
-- Which reports did several outlets carry (their texts begin alike), and who had them first?
-- :letters = 120
SELECT min(o.published_at) AS first_published, group_concat(o.site, ' then ') AS outlets_in_order,
       round((julianday(max(o.published_at)) - julianday(min(o.published_at))) * 24, 1) AS hours_apart,
       substr(o.beginning, 1, 60) AS begins
FROM (SELECT site, substr(text, 1, :letters) AS beginning, min(published_at) AS published_at
      FROM articles
      WHERE length(text) >= :letters AND published_at IS NOT NULL
      GROUP BY site, beginning
      ORDER BY published_at) o
GROUP BY o.beginning
HAVING count(*) > 1
ORDER BY first_published DESC;

-- name: same_headline_elsewhere
-- Which headlines stand on the pages of more than one outlet?
SELECT title, count(DISTINCT site) AS outlets, group_concat(DISTINCT site) AS who, min(published_at) AS first_published
FROM articles
WHERE title IS NOT NULL
GROUP BY title
HAVING count(DISTINCT site) > 1
ORDER BY outlets DESC, title;

-- name: removed_articles
-- Which articles were taken away later, when was the last text seen, and when were they found gone?
SELECT a.site, a.title, a.last_captured_at AS last_text_seen,
       (SELECT min(c.captured_at) FROM captures c
        WHERE c.url = a.url AND c.status IN (404, 410, 451) AND c.captured_at > a.last_captured_at) AS found_gone,
       a.last_status, a.url
FROM articles a
WHERE a.last_status IN (404, 410, 451)
ORDER BY found_gone DESC;

-- name: back_again
-- Which articles were taken away, or moved, and came back, and did they come back changed?
SELECT g.site, g.url, g.shows AS was, g.first_seen AS found_gone, b.first_seen AS found_back,
       b.text_digest IS NOT a.text_digest AS changed
FROM spans g JOIN spans b ON b.url = g.url AND b.first_seen = g.next_seen AND b.shows = 'text'
LEFT JOIN spans a ON a.url = g.url AND a.next_seen = g.first_seen
WHERE g.shows IN ('removed', 'moved')
ORDER BY b.first_seen DESC;

-- name: unchanged_between
-- Which articles stood unchanged between two times, for all that looks at them can tell, and how long did nobody look?
-- :since = null, :until = null
SELECT site, url, first_seen, last_seen, looks, round(longest_gap / 3600.0, 1) AS longest_gap_hours
FROM spans
WHERE shows = 'text' AND looks > 1 AND first_seen <= coalesce(:since, first_seen)
  AND last_seen >= coalesce(:until, last_seen)
ORDER BY site, url;

-- name: nobody_looked
-- At which articles has nobody looked for so many days?
-- :days = 7, :now = null
SELECT site, url, max(last_seen) AS last_look
FROM spans
GROUP BY url
HAVING julianday(coalesce(:now, 'now')) - julianday(last_look) > :days
ORDER BY last_look;

-- name: missed_runs
-- Which runs of the schedule were missed, and why?
SELECT site, due, missed, missed_why
FROM runs
WHERE missed > 0
ORDER BY due DESC;

-- name: moved_articles
-- Which articles moved to another address?
SELECT c.captured_at, p.site, p.url AS from_address, p.alias_of AS to_address, c.status
FROM pages p JOIN captures c ON c.url = p.url AND c.status IN (301, 308)
WHERE p.alias_of IS NOT NULL AND p.kind = 'article'
ORDER BY c.captured_at DESC;

-- name: most_recommended
-- What did outlets tell their readers to read most, over a number of days?
-- :site = null, :kind = null, :until = null, :days = 7, :most = 20
SELECT r.times, t.url AS target, (SELECT a.title FROM articles a WHERE a.url = t.url) AS title
FROM (SELECT target, sum(times) AS times
      FROM recommendations
      WHERE site IN (SELECT site FROM sites WHERE :site IS NULL OR site = :site)
        AND day > date(coalesce(:until, (SELECT max(captured_at) FROM captures)), '-' || :days || ' days')
        AND day <= coalesce(:until, '9999') AND (:kind IS NULL OR kind = :kind)
      GROUP BY target
      ORDER BY times DESC
      LIMIT :most) r
JOIN targets t ON t.id = r.target
WHERE NOT EXISTS (SELECT 1 FROM pages h WHERE h.url = t.url AND h.hidden_at IS NOT NULL)
ORDER BY r.times DESC, t.url;

-- name: most_recommended_by_country
-- What was recommended most this week, country by country?
-- :until = null, :days = 7, :most = 3
SELECT country, place, times, target
FROM (SELECT s.country, r.target, sum(r.times) AS times,
             row_number() OVER (PARTITION BY s.country ORDER BY sum(r.times) DESC, r.target) AS place
      FROM recommended r JOIN sites s ON s.site = r.site
      WHERE r.day > date(coalesce(:until, (SELECT max(captured_at) FROM captures)), '-' || :days || ' days')
        AND r.day <= coalesce(:until, '9999')
      GROUP BY s.country, r.target)
WHERE place <= :most
ORDER BY country, place;

-- name: recommended_ever
-- What was recommended most of all, by everyone, at any time?
-- :most = 20
SELECT t.times, t.url
FROM targets t
WHERE t.times > 0 AND NOT EXISTS (SELECT 1 FROM pages h WHERE h.url = t.url AND h.hidden_at IS NOT NULL)
ORDER BY t.times DESC, t.url
LIMIT :most;

-- name: front_at_noon
-- What stood on the front of each section at noon (or at another time) of a day?
-- :day = null, :time = '12:00', :site = null
SELECT f.site, f.rank, f.text AS headline, f.target, f.captured_at
FROM fronts f
WHERE f.kind = 'section' AND f.site IN (SELECT site FROM sites WHERE :site IS NULL OR site = :site) AND f.captured_at = (
    SELECT max(m.captured_at) FROM mementos m
    WHERE m.url = f.url
      AND m.captured_at <= coalesce(:day || 'T' || :time || '~', (SELECT max(captured_at) FROM captures)))
ORDER BY f.site, f.url, f.rank;

-- name: time_on_the_front
-- How long did an article stand on its section's front, and how high?
SELECT site, target, min(rank) AS best_rank, min(captured_at) AS first_seen, max(captured_at) AS last_seen,
       count(*) AS times_seen
FROM fronts
WHERE kind = 'section'
GROUP BY site, target
ORDER BY times_seen DESC, best_rank, target;

-- name: another_headline_on_the_front
-- Where does the front sell an article under another headline than the article's own?
SELECT f.site, f.text AS on_the_front, a.title AS on_the_page, a.url
FROM fronts f JOIN articles a ON a.url = f.target
WHERE f.kind = 'section' AND replace(f.text, char(12288), ' ') <> replace(a.title, char(12288), ' ')
GROUP BY f.site, a.url, f.text
ORDER BY f.site, a.url;

-- name: texts_that_shrank
-- Which texts lost words, and how many?
-- :share = 0.0
SELECT r.captured_at, r.site, o.words AS words_before, r.words AS words_after, r.title, r.url
FROM revisions r JOIN texts o ON o.digest = r.previous
WHERE r.words < o.words * (1 - :share)
ORDER BY o.words - r.words DESC;

-- name: dates_bumped
-- Where was the date of the last change renewed though text and headline stayed the same?
SELECT * FROM (
    SELECT m.captured_at, m.site, e.modified_at,
           lag(e.modified_at) OVER (PARTITION BY m.url ORDER BY m.captured_at) AS modified_before,
           m.text_digest = lag(m.text_digest) OVER (PARTITION BY m.url ORDER BY m.captured_at) AS same_text, m.url
    FROM mementos m JOIN extractions e ON e.url = m.url AND e.digest = m.digest AND e.current = 1
    WHERE m.text_digest IS NOT NULL)
WHERE same_text AND modified_at <> modified_before
ORDER BY captured_at DESC;

-- name: readers_against_editors
-- Do readers read what editors put on the front? The share of each outlet's readers' list that its fronts list, too.
SELECT r.site, count(DISTINCT r.target) AS in_readers_lists,
       count(DISTINCT CASE WHEN f.target IS NOT NULL THEN r.target END) AS also_on_the_front,
       round(1.0 * count(DISTINCT CASE WHEN f.target IS NOT NULL THEN r.target END) / count(DISTINCT r.target), 2) AS share
FROM (SELECT DISTINCT site, target FROM related_links WHERE kind = 'readers') r
LEFT JOIN (SELECT DISTINCT site, target FROM fronts WHERE kind = 'section') f
       ON f.site = r.site AND f.target = r.target
GROUP BY r.site
ORDER BY share DESC, r.site;

-- name: outlets_that_never_link_abroad
-- Which outlets never link to an outlet of another country?
SELECT s.site, s.country, count(DISTINCT l.target) AS links_seen
FROM sites s JOIN related_links l ON l.site = s.site
GROUP BY s.site
HAVING sum(EXISTS (SELECT 1 FROM sites o
                   WHERE o.country <> s.country AND l.target >= o.home AND l.target < o.home || char(1114111))) = 0
ORDER BY links_seen DESC, s.site;

-- name: recommended_and_not_archived
-- Which pages are recommended again and again, and are not in the archive?
-- :most = 20
SELECT t.times, t.url
FROM targets t
WHERE t.times > 0 AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.url = t.url AND c.digest IS NOT NULL)
ORDER BY t.times DESC, t.url
LIMIT :most;

-- name: edits_after_publication
-- How long after publication were texts changed?
SELECT CASE WHEN hours < 1 THEN '1: within the hour' WHEN hours < 24 THEN '2: within the day'
            WHEN hours < 168 THEN '3: within the week' ELSE '4: later' END AS when_changed, count(*) AS changes
FROM (SELECT (julianday(r.captured_at) - julianday(a.published_at)) * 24 AS hours
      FROM revisions r JOIN articles a ON a.url = r.url WHERE r.revision > 1 AND a.published_at IS NOT NULL)
GROUP BY when_changed
ORDER BY when_changed;

-- name: most_edited
-- Which articles were changed most often?
-- :most = 20
SELECT max(revision) AS revisions, site, url FROM revisions GROUP BY url HAVING max(revision) > 1
ORDER BY revisions DESC, url LIMIT :most;

-- name: authors
-- Who writes most, and for whom?
-- :most = 20
SELECT j.value AS author, a.site, count(*) AS articles, sum(a.words) AS words
FROM articles a, json_each(a.authors) j
GROUP BY j.value, a.site
ORDER BY articles DESC, author
LIMIT :most;

-- name: outlets_at_a_glance
-- How much does the archive hold of each outlet?
SELECT s.site, s.country, s.language, count(a.url) AS articles, round(avg(a.words)) AS words_each,
       min(a.published_at) AS oldest, max(a.published_at) AS newest
FROM sites s LEFT JOIN articles a ON a.site = s.site
GROUP BY s.site
ORDER BY articles DESC, s.site;

-- name: hours_of_publication
-- At which hours of the day (UTC) do outlets publish?
SELECT site, substr(published_at, 12, 2) AS hour, count(*) AS articles
FROM articles
WHERE length(published_at) >= 16
GROUP BY site, hour
ORDER BY site, hour;

-- name: published_after_it_was_seen
-- Which articles claim to have been published after we had them already?
SELECT site, published_at, first_captured_at, title, url
FROM articles
WHERE published_at > first_captured_at
ORDER BY published_at DESC;

-- name: hints_against_pages
-- Where do feeds and sitemaps date an article otherwise than its page does?
SELECT f.site, f.kind, f.published AS the_list_says, a.published_at AS the_page_says, a.url
FROM fronts f JOIN articles a ON a.url = f.target
WHERE f.published IS NOT NULL AND abs(julianday(f.published) - julianday(a.published_at)) > 1.0 / 1440
GROUP BY f.site, f.kind, a.url
ORDER BY f.site, a.url;

-- name: walls_and_stubs
-- Which pages answered 200 and were no article?
SELECT m.site, m.kind, m.problem, count(*) AS captures, count(DISTINCT m.url) AS pages
FROM mementos m
WHERE m.page_kind = 'article' AND m.text_digest IS NULL AND m.kind IS NOT NULL
GROUP BY m.site, m.kind, m.problem
ORDER BY captures DESC, m.site;

-- name: failures
-- What could not be fetched, and why?
SELECT site, coalesce(error, 'http ' || status) AS reason, count(*) AS captures, count(DISTINCT url) AS pages,
       max(captured_at) AS last_time
FROM captures
WHERE error IS NOT NULL OR status >= 400
GROUP BY site, reason
ORDER BY captures DESC, site;

-- name: refused_by_robots
-- Which addresses did robots.txt forbid, and what did it say then?
SELECT c.site, c.url, c.captured_at, c.detail
FROM captures c
WHERE c.error = 'robots'
ORDER BY c.site, c.url;

-- name: unchanged_or_not_looked
-- When was a page looked at, and how long did nobody look before that?
-- :url = null
SELECT c.url, c.captured_at, coalesce(c.status, c.error) AS answer,
       round((julianday(c.captured_at) - julianday(lag(c.captured_at) OVER (PARTITION BY c.url ORDER BY c.captured_at)))
             * 24, 3) AS hours_without_a_look
FROM captures c JOIN pages p ON p.url = c.url AND p.kind = 'article'
WHERE c.url = coalesce(:url, c.url)
ORDER BY c.url, c.captured_at;

-- name: silent_outlets
-- Which outlets have brought nothing new for how long?
SELECT p.site, max(p.discovered_at) AS last_discovery,
       round(julianday((SELECT max(captured_at) FROM captures)) - julianday(max(p.discovered_at)), 2) AS days_before_the_last_look
FROM pages p
WHERE p.kind = 'article'
GROUP BY p.site
ORDER BY last_discovery;

-- name: mentions_by_day
-- On how many articles' pages does something stand, day by day?
-- :words = 'water'
SELECT substr(coalesce(a.published_at, a.first_captured_at), 1, 10) AS day, count(*) AS articles
FROM texts_fts f JOIN texts t ON t.id = f.rowid JOIN articles a ON a.text_digest = t.digest
WHERE texts_fts MATCH fts_query(:words)
GROUP BY day
ORDER BY day;

-- name: old_favourites
-- Which articles do readers still read long after they were published?
-- :days = 7
SELECT l.site, a.title, a.published_at, max(l.captured_at) AS still_listed, a.url
FROM related_links l JOIN articles a ON a.url = l.target
WHERE l.kind = 'readers'
GROUP BY l.site, a.url
HAVING julianday(max(l.captured_at)) - julianday(a.published_at) > :days
ORDER BY a.published_at;

-- name: servers
-- Which software do the outlets say that they run?
SELECT site, value AS server, count(*) AS answers, max(captured_at) AS last_time
FROM headers
WHERE side = 'response' AND lower(name) = 'server'
GROUP BY site, server
ORDER BY site, answers DESC;

-- name: stored_bytes
-- How much room does each outlet take, and how much would its payloads take as they came?
SELECT c.site, count(*) AS payloads, sum(s.length) AS bytes_of_payloads, sum(b.stored) AS bytes_stored,
       round(1.0 * sum(b.stored) / sum(s.length), 3) AS share
FROM (SELECT digest, min(site) AS site FROM captures WHERE digest IS NOT NULL GROUP BY digest) c
JOIN snapshots s ON s.digest = c.digest
JOIN (SELECT id / 2 AS pair, sum(length(body)) AS stored FROM bodies GROUP BY id / 2) b ON b.pair = s.body / 2
GROUP BY c.site
ORDER BY bytes_stored DESC;
