-- owners-and-licenses: Which data owner publishes under which license
SELECT
  authority,
  replace(authority, 'http://standaarden.overheid.nl/owms/terms/', '') AS data_owner,
  license_id, count(*) AS datasets
FROM datasets
GROUP BY authority, license_id
ORDER BY datasets DESC, data_owner;

-- formats: In which formats the data come
SELECT
  replace(format, 'http://publications.europa.eu/resource/authority/file-type/', '') AS format,
  count(*) AS resources, count(DISTINCT dataset_id) AS datasets
FROM resources
GROUP BY 1
ORDER BY resources DESC, format;

-- search: Full-text search (accents do not matter, word* finds beginnings)
SELECT
  d.name, d.title, d.organization_title,
  snippet(datasets_fts, -1, '[', ']', '…', 12) AS found
FROM datasets_fts
JOIN datasets d ON d.id = datasets_fts.dataset_id
WHERE datasets_fts MATCH :words
ORDER BY rank
LIMIT 100;

-- dataset: One dataset, all its URIs with their labels (by name or id)
SELECT
  u.field, u.resource_position, u.value, coalesce(u.label_nl, u.portal_label) AS label,
  u.label_en, u.value_list
FROM datasets d
JOIN uri_values u ON u.dataset_id = d.id
WHERE d.name = :dataset OR d.id = :dataset
ORDER BY u.resource_position, u.field, u.position;

-- datasets-by-theme: How many datasets each theme has
SELECT value AS theme, coalesce(label_nl, portal_label) AS label, count(*) AS datasets
FROM uri_values
WHERE field = 'theme' AND resource_position IS NULL
GROUP BY value
ORDER BY datasets DESC, theme;

-- changed-since: What has changed since a moment (for example 2026-11-01)
SELECT
  seq, kind, name, dataset_id, recorded_at, changed_fields,
  replaced_by
FROM changes
WHERE recorded_at >= :since
ORDER BY seq DESC
LIMIT 1000;

-- vanished: Which datasets have vanished, and what took their name
SELECT name, title, deleted_at, reason, replaced_by
FROM deleted_datasets
ORDER BY deleted_at DESC, name;

-- not-open: Datasets that are not public, or not available
SELECT name, title, authority, access_rights, dataset_status
FROM datasets
WHERE access_rights NOT LIKE '%/PUBLIC' OR dataset_status NOT LIKE '%/beschikbaar'
ORDER BY dataset_status, access_rights, name;

-- stale-labels: Display names that the portal no longer means
SELECT value_list, uri, portal_label, list_label, count(*) AS datasets
FROM stale_display_names
GROUP BY value_list, uri, portal_label, list_label
ORDER BY datasets DESC, value_list, uri;

-- malformed: Values of URI fields that are no URI, by field
SELECT field, value_list, count(*) AS times, count(DISTINCT dataset_id) AS datasets,
  min(value) AS example
FROM malformed_uris
GROUP BY field, value_list
ORDER BY times DESC, field;

-- unknown-fields: What the portal sends that nobody has described
SELECT entity, field, json_type, datasets, example, first_seen
FROM field_census
ORDER BY datasets DESC, entity, field;

-- freshness: How current this copy is
SELECT
  (SELECT value FROM meta WHERE key = 'complete_as_of') AS complete_as_of,
  (SELECT value FROM meta WHERE key = 'source') AS source,
  (SELECT count(*) FROM datasets) AS datasets,
  (SELECT count(*) FROM held_deletions) AS held_deletions,
  (SELECT count(*) FROM rejections) AS in_quarantine;
