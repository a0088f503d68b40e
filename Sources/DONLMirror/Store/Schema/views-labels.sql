-- The catalogue with labels, by the fields of DONL 1.1. Dropped and recreated together with
-- views.sql.

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
  NULL AS resource_position, -- NULL on the dataset
  coalesce(iif(f.until IS NULL AND NOT u.malformed, NULL, f.renamed_to), u.field) AS field, -- the name in DONL 1.1
  u.field AS sent_as,
  u.position,
  u.value, -- as sent
  u.label_nl, u.label_en
FROM resolved_dataset_uris u
JOIN all_datasets d ON d.key = u.dataset
-- A field that lives on and was something else once was no URI then: 'source' held the catalogue's name.
LEFT JOIN fields f ON f.entity = 'dataset' AND f.field = u.field
UNION ALL
SELECT d.id, u.resource_position, coalesce(f.renamed_to, u.field), u.field,
  u.position, u.value, u.label_nl, u.label_en
FROM resolved_resource_uris u
JOIN all_datasets d ON d.key = u.dataset
LEFT JOIN fields f ON f.entity = 'resource' AND f.field = u.field
UNION ALL
SELECT d.id, NULL, coalesce(f.renamed_to, e.key), e.key, 0, e.value, NULL, NULL
FROM dataset_extra_rows e
JOIN all_datasets d ON d.key = e.dataset
LEFT JOIN fields f ON f.entity = 'dataset' AND f.field = e.key
UNION ALL
SELECT d.id, e.resource_position, coalesce(f.renamed_to, e.key), e.key, 0, e.value, NULL, NULL
FROM resource_extra_rows e
JOIN all_datasets d ON d.key = e.dataset
LEFT JOIN fields f ON f.entity = 'resource' AND f.field = e.key;

CREATE VIEW labeled_datasets AS -- the live datasets. A label is NULL where no list has it
SELECT
  d.id, d.name, d.title,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'authority'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS owner, -- URI of the data owner: `authority`, in DONL 1.0 `maintainer`
  (
    SELECT u.label_nl FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'authority'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS owner_nl,
  (
    SELECT u.label_en FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'authority'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS owner_en,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'publisher'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS publisher, -- `publisher`, `author`
  (
    SELECT u.label_nl FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'publisher'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS publisher_nl,
  (
    SELECT u.label_en FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'publisher'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS publisher_en,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'license_id'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS license, -- URI of the license
  (
    SELECT u.label_nl FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'license_id'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS license_nl,
  (
    SELECT u.label_en FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'license_id'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS license_en,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'access_rights'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS access_rights, -- URI: public, restricted, …
  (
    SELECT u.label_nl FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'access_rights'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS access_rights_nl,
  (
    SELECT u.label_en FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'access_rights'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS access_rights_en,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'dataset_status'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS status, -- `dataset_status`
  (
    SELECT u.label_nl FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'dataset_status'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS status_nl,
  (
    SELECT u.label_en FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'dataset_status'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS status_en,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'frequency'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS frequency, -- `frequency`, `accrual_periodicity`
  (
    SELECT u.label_nl FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'frequency'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS frequency_nl,
  (
    SELECT u.label_en FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'frequency'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS frequency_en,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'source_catalog'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS source_catalog, -- in DONL 1.0 `source`, a word
  (
    SELECT u.label_nl FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'source_catalog'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS source_catalog_nl,
  (
    SELECT u.label_en FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'source_catalog'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS source_catalog_en,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'language'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS language, -- the first one
  (
    SELECT u.label_nl FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'language'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS language_nl,
  (
    SELECT u.label_en FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'language'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS language_en,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'metadata_language'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS metadata_language, -- URI of the language of the metadata
  (
    SELECT u.label_nl FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'metadata_language'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS metadata_language_nl,
  (
    SELECT u.label_en FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'metadata_language'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS metadata_language_en,
  (
    SELECT u.value FROM meanings m
    CROSS JOIN resolved_dataset_uris u ON u.dataset = d.key AND u.field = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'url'
      AND (m.is_renamed = 0 OR m.until IS NOT NULL OR u.malformed)
    ORDER BY m.is_renamed, u.position LIMIT 1
  ) AS landing_page, -- `url`, `landingpage`
  (
    SELECT e.value FROM meanings m
    CROSS JOIN dataset_extra_rows e ON e.dataset = d.key AND e.key = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'temporal_start'
    ORDER BY m.is_renamed LIMIT 1
  ) AS period_start, -- as sent: `temporal_start`, `temporal_from`
  (
    SELECT e.value FROM meanings m
    CROSS JOIN dataset_extra_rows e ON e.dataset = d.key AND e.key = m.field
    WHERE m.entity = 'dataset' AND m.meaning = 'temporal_end'
    ORDER BY m.is_renamed LIMIT 1
  ) AS period_end, -- as sent: `temporal_end`, `temporal_to`
  (
    SELECT group_concat(u.label_nl, '; ') FROM resolved_dataset_uris u
    WHERE u.dataset = d.key AND u.field = 'theme'
  ) AS themes_nl, -- joined with `; `
  (
    SELECT group_concat(u.label_en, '; ') FROM resolved_dataset_uris u
    WHERE u.dataset = d.key AND u.field = 'theme'
  ) AS themes_en, -- the same in English
  d.issued, d.modified, d.metadata_modified
FROM all_datasets d
WHERE d.deleted_at IS NULL;

CREATE VIEW labeled_resources AS -- the resources of the live datasets with labels
SELECT
  d.id AS dataset_id, r.position, r.id, r.name, r.url, r.size,
  (
    SELECT u.value FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'format'
    ORDER BY u.position LIMIT 1
  ) AS format, -- URI or word, as sent
  (
    SELECT u.label_nl FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'format'
    ORDER BY u.position LIMIT 1
  ) AS format_nl,
  (
    SELECT u.label_en FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'format'
    ORDER BY u.position LIMIT 1
  ) AS format_en,
  (
    SELECT u.value FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field IN ('mimetype', 'media_type')
    ORDER BY u.position LIMIT 1
  ) AS media_type, -- `mimetype` or `media_type`
  (
    SELECT u.label_nl FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field IN ('mimetype', 'media_type')
    ORDER BY u.position LIMIT 1
  ) AS media_type_nl,
  (
    SELECT u.label_en FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field IN ('mimetype', 'media_type')
    ORDER BY u.position LIMIT 1
  ) AS media_type_en,
  (
    SELECT u.value FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'license_id'
    ORDER BY u.position LIMIT 1
  ) AS license, -- URI of the license
  (
    SELECT u.label_nl FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'license_id'
    ORDER BY u.position LIMIT 1
  ) AS license_nl,
  (
    SELECT u.label_en FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'license_id'
    ORDER BY u.position LIMIT 1
  ) AS license_en,
  (
    SELECT u.value FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'status'
    ORDER BY u.position LIMIT 1
  ) AS status, -- URI: how far its life is
  (
    SELECT u.label_nl FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'status'
    ORDER BY u.position LIMIT 1
  ) AS status_nl,
  (
    SELECT u.label_en FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'status'
    ORDER BY u.position LIMIT 1
  ) AS status_en,
  (
    SELECT u.value FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'distribution_type'
    ORDER BY u.position LIMIT 1
  ) AS type, -- `distribution_type`
  (
    SELECT u.label_nl FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'distribution_type'
    ORDER BY u.position LIMIT 1
  ) AS type_nl,
  (
    SELECT u.label_en FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'distribution_type'
    ORDER BY u.position LIMIT 1
  ) AS type_en,
  (
    SELECT u.value FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'language'
    ORDER BY u.position LIMIT 1
  ) AS language, -- the first one
  (
    SELECT u.label_nl FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'language'
    ORDER BY u.position LIMIT 1
  ) AS language_nl,
  (
    SELECT u.label_en FROM resolved_resource_uris u
    WHERE u.dataset = r.dataset AND u.resource_position = r.position AND u.field = 'language'
    ORDER BY u.position LIMIT 1
  ) AS language_en,
  r.created, r.last_modified
FROM resource_rows r
JOIN all_datasets d ON d.key = r.dataset;
