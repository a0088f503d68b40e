-- What the value lists say of the catalogue: what is stale or unlisted, how each is used, themes.
-- Dropped and recreated together with views.sql.

CREATE VIEW stale_display_names AS
-- display names of the portal (`*_displayname`, `license_title`, `organization_title`) that differ
-- from the Dutch label that the list has now. The portal joins parents with ` | `, so what stands
-- after the last one counts too
WITH claims AS (
  SELECT d.id AS dataset_id, d.name, f.field, t.value AS uri, p.label AS portal_label,
    t.label_nl AS list_label, f.value_list
  FROM uri_rows u
  JOIN display_names p ON p.key = u.display_name
  JOIN terms t ON t.key = u.term
  JOIN uri_fields f ON f.key = u.field
  JOIN all_datasets d ON d.key = u.dataset
  WHERE t.standing = 'listed'
  UNION ALL
  SELECT d.id, d.name, 'organization_title', NULL, d.organization_title, o.title, 'organization_list'
  FROM all_datasets d
  JOIN organizations o ON o.id = d.owner_org AND o.is_listed = 1
  WHERE d.deleted_at IS NULL AND d.organization_title IS NOT NULL
)
SELECT
  dataset_id, -- CKAN's id, which is the identity of a dataset
  name, -- of the dataset
  field, -- the field that holds the URI; `organization_title`
  uri, -- NULL for `organization_title`
  portal_label, -- the display name that the portal sent
  list_label, -- the label of now
  value_list -- `organization_list` for `organization_title`: the portal's own
FROM claims
WHERE portal_label <> list_label
  -- The portal joins parents with ' | '; what stands after the last one is the label itself.
  AND NOT (
    instr(list_label, ' | ') = 0
    AND substr(portal_label, -length(list_label) - 3) = ' | ' || list_label);

CREATE VIEW unlisted_uris AS
-- URIs that are not, or no longer, on the list of their field, as far as the list was fetched
SELECT
  dataset_id, resource_id, -- NULL on a field of the dataset
  field, value, value_list, resource_position, -- NULL on a field of the dataset
  label_nl, -- the last one, of what once was on the list
  label_en -- the same in English
FROM uri_values
WHERE standing IN ('unlisted', 'removed');

CREATE VIEW malformed_uris AS
-- values of URI fields that are no URI (no scheme followed by `:` and something, or a control
-- character), on no list of the field, and no code of their scheme
SELECT
  dataset_id, resource_id, -- NULL on a field of the dataset
  field, value, -- as sent
  value_list, resource_position -- NULL on a field of the dataset
FROM uri_values
WHERE standing = 'malformed';

CREATE VIEW value_list_usage AS
-- a row for each list, also those that no value is taken from. `uses` = `resolved` + `unlisted` +
-- `malformed` + `unchecked`
WITH counts AS (
  SELECT f.value_list,
    count(*) AS uses,
    count(DISTINCT u.dataset) AS datasets,
    count(DISTINCT CASE WHEN t.standing = 'listed' THEN u.term END) AS entries_used,
    sum(t.standing = 'listed') AS resolved,
    sum(t.standing IN ('unlisted', 'removed')) AS unlisted,
    sum(t.standing = 'removed') AS removed,
    sum(t.standing = 'malformed') AS malformed,
    sum(t.standing = 'unchecked') AS unchecked
  FROM uri_rows u
  JOIN uri_fields f ON f.key = u.field
  JOIN terms t ON t.key = u.term
  WHERE f.value_list IS NOT NULL
  GROUP BY f.value_list
), lists AS (
  SELECT name FROM value_lists
  UNION SELECT value_list FROM fields WHERE value_list NOT GLOB '@*'
  UNION SELECT value_list FROM spatial_schemes WHERE value_list IS NOT NULL
)
SELECT
  n.name AS value_list, -- `value_lists.name`
  l.entries, -- NULL: never fetched
  coalesce(c.entries_used, 0) AS entries_used, -- how many of them occur
  coalesce(c.uses, 0) AS uses, -- values
  coalesce(c.datasets, 0) AS datasets, -- that have such a value
  coalesce(c.resolved, 0) AS resolved, -- values on the list
  coalesce(c.unlisted, 0) AS unlisted, -- URIs that are not, or no longer, on it
  coalesce(c.removed, 0) AS removed, -- of these, no longer
  coalesce(c.malformed, 0) AS malformed, -- no URIs
  coalesce(c.unchecked, 0) AS unchecked -- the list was never fetched
FROM lists n
LEFT JOIN value_lists l ON l.name = n.name AND l.fetched_at IS NOT NULL
LEFT JOIN counts c ON c.value_list = n.name;

CREATE VIEW broader_concepts AS -- each entry of a list with all that stand above it
WITH RECURSIVE broader(list, uri, ancestor, distance) AS (
  SELECT list, uri, uri, 0 FROM concepts
  UNION ALL
  SELECT b.list, b.uri, p.uri, b.distance + 1
  FROM broader b
  JOIN concepts c ON c.list = b.list AND c.uri = b.ancestor
  JOIN concepts p ON p.list = c.list AND p.uri = c.parent
  WHERE b.distance < 8 -- the real list has two levels; a ring would have no end
)
SELECT
  list, -- `value_lists.name`
  uri, -- of the entry
  ancestor, -- the entry itself at distance 0, then its parents
  distance -- how many steps it is above
FROM broader;

CREATE VIEW themes AS -- the entries of the list of themes with their place in it
SELECT
  c.uri, c.label_nl, c.label_en, c.parent,
  (
    SELECT group_concat(label, ' | ') FROM (
      SELECT a.label_nl AS label FROM broader_concepts b
      JOIN concepts a ON a.list = b.list AND a.uri = b.ancestor
      WHERE b.list = c.list AND b.uri = c.uri ORDER BY b.distance DESC)
  ) AS path_nl, -- from the top, joined with ` | ` as the portal does
  (
    SELECT group_concat(label, ' | ') FROM (
      SELECT a.label_en AS label FROM broader_concepts b
      JOIN concepts a ON a.list = b.list AND a.uri = b.ancestor
      WHERE b.list = c.list AND b.uri = c.uri ORDER BY b.distance DESC)
  ) AS path_en, -- the same in English
  c.removed_at -- NULL while it is on the list
FROM fields f
JOIN concepts c ON c.list = f.value_list
WHERE f.entity = 'dataset' AND f.field = 'theme';

CREATE VIEW theme_datasets AS
-- the live datasets of each theme, those of the themes below it included, each once
SELECT
  a.value AS theme, -- URI
  a.label_nl, a.label_en,
  d.id AS dataset_id,
  max(t.key = a.key) AS is_direct -- 0: only by a theme below it
FROM uri_fields f
CROSS JOIN terms a
CROSS JOIN terms t
CROSS JOIN uri_rows u
CROSS JOIN all_datasets d
WHERE f.entity = 'dataset' AND f.field = 'theme'
  AND a.list = coalesce(f.value_list, '') AND a.standing <> 'malformed'
  AND t.key IN (
    -- The theme, and what stands below it. UNION ends a ring.
    WITH RECURSIVE below(key) AS (
      VALUES (a.key)
      UNION
      SELECT c.key FROM below b
      JOIN terms p ON p.key = b.key AND p.first_seen IS NOT NULL
      JOIN terms c ON c.list = p.list AND c.parent = p.value AND c.first_seen IS NOT NULL
    )
    SELECT key FROM below)
  AND u.term = t.key AND u.field = f.key AND u.resource = -1
  AND d.key = u.dataset AND d.deleted_at IS NULL
GROUP BY a.value, d.id;
