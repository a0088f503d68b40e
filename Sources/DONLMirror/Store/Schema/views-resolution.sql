-- Each value of a URI-valued field with the entry of its list. Dropped and recreated
-- together with views.sql.

-- The portal splits lists at every comma, also inside a URI (FIELDS.md, 1.2). What the list of the field
-- knows with its commas is joined again here, so that it needs the list and not another harvest.
-- First come the few entries with a comma, so nothing is looked for that no list has.
CREATE VIEW torn_dataset_uris AS -- ours: where a torn URI begins
SELECT
  u.dataset, u.field, u.position,
  c.uri, -- the whole
  max(length(c.uri) - length(replace(c.uri, ',', ''))) AS more -- so many pieces follow
FROM concepts c
CROSS JOIN fields f ON f.entity = 'dataset' AND (
  f.value_list = c.list
  OR f.value_list GLOB '@*' AND c.list IN (SELECT value_list FROM spatial_schemes))
CROSS JOIN dataset_uri_rows u
  ON u.field = f.field AND u.value = substr(c.uri, 1, instr(c.uri, ',') - 1)
WHERE instr(c.uri, ',') > 0
  AND c.uri = (
    SELECT group_concat(value, ',') FROM (
      SELECT p.value FROM dataset_uri_rows p
      WHERE p.dataset = u.dataset AND p.field = u.field
        AND p.position BETWEEN u.position
          AND u.position + length(c.uri) - length(replace(c.uri, ',', ''))
      ORDER BY p.position))
GROUP BY u.dataset, u.field, u.position;

CREATE VIEW torn_resource_uris AS -- ours: the same of resources
SELECT
  u.dataset, u.resource_position, u.field, u.position,
  c.uri,
  max(length(c.uri) - length(replace(c.uri, ',', ''))) AS more
FROM concepts c
CROSS JOIN fields f ON f.entity = 'resource' AND f.value_list = c.list
CROSS JOIN resource_uri_rows u
  ON u.field = f.field AND u.value = substr(c.uri, 1, instr(c.uri, ',') - 1)
WHERE instr(c.uri, ',') > 0
  AND c.uri = (
    SELECT group_concat(value, ',') FROM (
      SELECT p.value FROM resource_uri_rows p
      WHERE p.dataset = u.dataset AND p.resource_position = u.resource_position
        AND p.field = u.field
        AND p.position BETWEEN u.position
          AND u.position + length(c.uri) - length(replace(c.uri, ',', ''))
      ORDER BY p.position))
GROUP BY u.dataset, u.resource_position, u.field, u.position;

CREATE VIEW mended_dataset_uris AS -- ours: the values of the fields in which something was torn
WITH torn AS MATERIALIZED (SELECT * FROM torn_dataset_uris)
SELECT
  u.dataset, u.field, u.position,
  coalesce(t.uri, u.value) AS value,
  EXISTS (
    SELECT 1 FROM torn b
    WHERE b.dataset = u.dataset AND b.field = u.field
      AND u.position > b.position AND u.position <= b.position + b.more
  ) AS is_piece, -- 1: it went into the value before it
  -- The scheme with the number of the value among the joined ones, if there is one for each.
  (
    SELECT s.value
    FROM fields f
    JOIN dataset_uri_rows s ON s.dataset = u.dataset AND s.field = substr(f.value_list, 2)
    WHERE f.entity = 'dataset' AND f.field = u.field AND f.value_list GLOB '@*'
      AND s.position = u.position - (
        SELECT coalesce(sum(b.more), 0) FROM torn b
        WHERE b.dataset = u.dataset AND b.field = u.field AND b.position < u.position)
      AND (
        SELECT count(*) FROM dataset_uri_rows n WHERE n.dataset = s.dataset AND n.field = s.field
      ) = (
        SELECT count(*) FROM dataset_uri_rows n WHERE n.dataset = u.dataset AND n.field = u.field
      ) - (
        SELECT sum(b.more) FROM torn b WHERE b.dataset = u.dataset AND b.field = u.field)
  ) AS scheme
FROM (SELECT DISTINCT dataset, field FROM torn) x
CROSS JOIN dataset_uri_rows u ON u.dataset = x.dataset AND u.field = x.field
LEFT JOIN torn t
  ON t.dataset = u.dataset AND t.field = u.field AND t.position = u.position;

CREATE VIEW mended_resource_uris AS -- ours: the same of resources
WITH torn AS MATERIALIZED (SELECT * FROM torn_resource_uris)
SELECT
  u.dataset, u.resource_position, u.field, u.position,
  coalesce(t.uri, u.value) AS value,
  EXISTS (
    SELECT 1 FROM torn b
    WHERE b.dataset = u.dataset AND b.resource_position = u.resource_position
      AND b.field = u.field
      AND u.position > b.position AND u.position <= b.position + b.more
  ) AS is_piece
FROM (SELECT DISTINCT dataset, resource_position, field FROM torn) x
CROSS JOIN resource_uri_rows u
  ON u.dataset = x.dataset AND u.resource_position = x.resource_position AND u.field = x.field
LEFT JOIN torn t
  ON t.dataset = u.dataset AND t.resource_position = u.resource_position
    AND t.field = u.field AND t.position = u.position;

CREATE VIEW resolved_dataset_uris AS -- ours: each value with the entry of its list: the field decides which list
SELECT
  u.dataset, u.field, u.position,
  coalesce(m.value, u.value) AS value,
  u.malformed, u.portal_label,
  CASE WHEN f.value_list GLOB '@*' THEN s.value_list ELSE f.value_list END AS value_list,
  CASE WHEN m.dataset IS NULL THEN u.scheme ELSE m.scheme END AS scheme,
  c.uri AS concept, c.label_nl, c.label_en, c.removed_at,
  CASE
    WHEN c.uri IS NOT NULL THEN iif(c.removed_at IS NULL, 'listed', 'removed')
    WHEN s.scheme IS NOT NULL AND s.value_list IS NULL THEN iif(EXISTS (
      SELECT 1 FROM code_patterns p
      WHERE p.scheme = s.scheme AND u.value GLOB p.pattern AND NOT u.value GLOB p.but_not
    ), 'code', 'malformed')
    WHEN u.malformed THEN 'malformed'
    WHEN f.value_list IS NULL OR f.value_list GLOB '@*' AND s.value_list IS NULL THEN 'free'
    WHEN EXISTS (
      SELECT 1 FROM value_lists l
      WHERE l.name = coalesce(s.value_list, f.value_list) AND l.fetched_at IS NOT NULL
    ) THEN 'unlisted'
    ELSE 'unchecked'
  END AS standing
FROM dataset_uri_rows u
LEFT JOIN mended_dataset_uris m
  ON m.dataset = u.dataset AND m.field = u.field AND m.position = u.position
LEFT JOIN fields f ON f.entity = 'dataset' AND f.field = u.field
LEFT JOIN spatial_schemes s
  ON s.scheme = CASE WHEN m.dataset IS NULL THEN u.scheme ELSE m.scheme END
LEFT JOIN concepts c
  ON c.list = coalesce(s.value_list, f.value_list) AND c.uri = coalesce(m.value, u.value)
WHERE m.is_piece IS NOT 1;

CREATE VIEW resolved_resource_uris AS -- ours: the same of resources
SELECT
  u.dataset, u.resource_position, u.field, u.position,
  coalesce(m.value, u.value) AS value,
  u.malformed, u.portal_label, f.value_list, u.scheme,
  c.uri AS concept, c.label_nl, c.label_en, c.removed_at,
  CASE
    WHEN c.uri IS NOT NULL THEN iif(c.removed_at IS NULL, 'listed', 'removed')
    WHEN u.malformed THEN 'malformed'
    WHEN f.value_list IS NULL THEN 'free'
    WHEN EXISTS (
      SELECT 1 FROM value_lists l WHERE l.name = f.value_list AND l.fetched_at IS NOT NULL
    ) THEN 'unlisted'
    ELSE 'unchecked'
  END AS standing
FROM resource_uri_rows u
LEFT JOIN mended_resource_uris m
  ON m.dataset = u.dataset AND m.resource_position = u.resource_position
    AND m.field = u.field AND m.position = u.position
LEFT JOIN fields f ON f.entity = 'resource' AND f.field = u.field
LEFT JOIN concepts c ON c.list = f.value_list AND c.uri = coalesce(m.value, u.value)
WHERE m.is_piece IS NOT 1;

CREATE VIEW uri_values AS
-- one row for each value of a field that should hold a URI; which fields those are, `fields` says. A
-- label belongs to a list and a URI: `fields` says which list, and for `spatial_value` the scheme
-- does. The portal tears URIs with commas apart; where the list of the field has the whole, it is one
-- row at the place of the first piece, and the schemes pair with the values as they are joined.
-- Values as they came are in `records`. All this is a view: a corrected list or field needs no other
-- harvest. A code is a point in EPSG:28992 or a postcode with house number, in the form that its
-- scheme asks for
SELECT
  d.id AS dataset_id,
  NULL AS resource_position, -- NULL on a field of the dataset
  NULL AS resource_id, -- NULL on a field of the dataset
  u.field, u.position, u.value, -- as sent
  CASE WHEN u.malformed = 0 OR u.concept IS NOT NULL THEN u.value END AS uri, -- the value, or NULL when it is malformed or a code
  u.portal_label, u.label_nl, -- of the list, the last one if it is no longer on it; NULL when it never was
  u.label_en, u.value_list, -- the list of the field; of `spatial_value` that of its scheme
  u.scheme, -- of `spatial_value` only: the `spatial_scheme` at the same place
  u.standing -- `listed`; `removed`: once was; `unlisted`; `unchecked`: the list was never fetched; `free`: the field has no list; `code`: of its scheme; `malformed`
FROM resolved_dataset_uris u
JOIN all_datasets d ON d.key = u.dataset
UNION ALL
SELECT
  d.id, u.resource_position, r.id,
  u.field, u.position, u.value,
  CASE WHEN u.malformed = 0 OR u.concept IS NOT NULL THEN u.value END,
  u.portal_label, u.label_nl, u.label_en, u.value_list, u.scheme, u.standing
FROM resolved_resource_uris u
JOIN all_datasets d ON d.key = u.dataset
LEFT JOIN resource_rows r ON r.dataset = u.dataset AND r.position = u.resource_position;
