-- The values of URI-valued fields with what their lists say of them. Dropped and recreated together with
-- views.sql. Every view here is one flat join on integer keys, so that a condition on any of its columns, also one
-- that comes from another table, finds the index of the table that the column comes from.

CREATE VIEW uri_values AS
-- one row for each value of a field that should hold a URI; which fields those are, `fields` says. A
-- label belongs to a list and a URI: `fields` says which list, and for `spatial_value` the scheme
-- does. The portal tears URIs with commas apart; where the list of the field has the whole, it is one
-- row at the place of the first piece, and the schemes pair with the values as they are joined.
-- Values as they came are in `records`. A corrected list or field needs no other harvest. A code is a
-- point in EPSG:28992 or a postcode with house number, in the form that its scheme asks for
SELECT
  d.id AS dataset_id,
  nullif(u.resource, -1) AS resource_position, -- NULL on a field of the dataset
  r.id AS resource_id, -- NULL on a field of the dataset
  f.field, -- the key as sent
  u.position, -- 0, 1, … in the order as sent
  t.value, -- as sent
  i.value AS uri, -- the value, or NULL when it is malformed or a code
  p.label AS portal_label, -- the display name that the portal sent beside it
  t.label_nl, -- of the list, the last one if it is no longer on it; NULL when it never was
  t.label_en, -- the same in English
  f.value_list, -- the list of the field; of `spatial_value` that of its scheme
  nullif(f.scheme, '') AS scheme, -- of `spatial_value` only: the `spatial_scheme` at the same place
  t.standing -- `listed`; `removed`: once was; `unlisted`; `unchecked`: the list was never fetched; `free`: the
    -- field has no list; `code`: of its scheme; `malformed`
FROM uri_rows u
JOIN all_datasets d ON d.key = u.dataset
JOIN uri_fields f ON f.key = u.field
JOIN terms t ON t.key = u.term
-- The same row once more: a condition on uri then finds the index on values, which it would not through a CASE.
LEFT JOIN terms i ON i.key = u.term AND i.standing NOT IN ('malformed', 'code')
LEFT JOIN display_names p ON p.key = u.display_name
LEFT JOIN resource_rows r ON r.dataset = u.dataset AND r.position = u.resource;

CREATE VIEW concepts AS
-- the entries of value lists. A label belongs to (`list`, `uri`): one URI can be on two lists and have
-- two labels
SELECT
  list, -- `value_lists.name`
  value AS uri, -- as sent: an opaque text
  label_nl, label_en,
  parent, -- the `uri` above it on the same list
  first_seen, -- when we first saw it
  last_seen, removed_at, type, slug
FROM terms
WHERE first_seen IS NOT NULL;

CREATE VIEW meanings AS -- the fields by the name that DONL 1.1 has for what they mean
SELECT
  entity, field AS meaning, -- the field of DONL 1.1
  field, -- a key that means it
  0 AS is_renamed, -- 0 for the field itself
  until
FROM fields
UNION ALL
SELECT entity, renamed_to, field, 1, until FROM fields WHERE renamed_to IS NOT NULL;

CREATE VIEW field_values AS
-- everything that `uri_values` and `extras` hold, by the field of DONL 1.1
SELECT
  d.id AS dataset_id,
  nullif(u.resource, -1) AS resource_position, -- NULL on the dataset
  coalesce(
    -- A field that lives on and was something else once was no URI then: 'source' held the catalogue's name.
    iif(n.until IS NULL AND n.entity = 'dataset' AND t.standing <> 'malformed', NULL, n.renamed_to),
    f.field) AS field, -- the name in DONL 1.1
  f.field AS sent_as,
  u.position,
  t.value, -- as sent
  t.label_nl, t.label_en
FROM uri_rows u
JOIN all_datasets d ON d.key = u.dataset
JOIN uri_fields f ON f.key = u.field
JOIN terms t ON t.key = u.term
LEFT JOIN fields n ON n.entity = f.entity AND n.field = f.field
UNION ALL
SELECT d.id, nullif(x.resource, -1), coalesce(n.renamed_to, s.field), s.field, 0, e.value, NULL, NULL
FROM extra_rows x
JOIN all_datasets d ON d.key = x.dataset
CROSS JOIN json_each(x.json) e
CROSS JOIN field_sightings s ON s.key = e.key
LEFT JOIN fields n ON n.entity = s.entity AND n.field = s.field;
