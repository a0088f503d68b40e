-- What is wrong with the records, one named check each, after the metadata quality assessment (MQA) of
-- data.europa.eu where it has points. Dropped and recreated together with views.sql. Every SELECT of `findings` goes
-- from a dataset to its parts, so that those of one dataset are found at once.

CREATE VIEW checks AS
-- what `findings` looks for
SELECT
  column1 AS "check", -- the name in `findings`
  column2 AS dimension, -- `findability`, `accessibility`, `interoperability`, `reusability`, `contextuality` as MQA has
    -- them; `correctness`, which it has not
  column3 AS points, -- that MQA gives where nothing is found, 405 in all; 0 for what it does not ask
  column4 AS title_nl, -- in Dutch
  column5 AS title_en, -- in English
  column6 AS why -- what for
FROM (VALUES
  ('no_keyword', 'findability', 30, 'Geen trefwoorden', 'No keywords', 'People search by them.'),
  ('no_theme', 'findability', 30, 'Geen thema', 'No theme', 'The portal sorts its datasets by themes.'),
  ('no_area', 'findability', 20, 'Geen gebied', 'No area covered', 'Who looks on a map does not find it.'),
  ('no_period', 'findability', 20, 'Geen periode', 'No period covered', 'Nobody knows of when the data are.'),
  ('dead_link', 'accessibility', 80, 'Dode link', 'Dead link', 'By the portal''s own link check.'),
  ('no_download_url', 'accessibility', 20, 'Geen downloadlink', 'No download URL',
    'A program needs the address of the data, not of a page.'),
  ('no_format', 'interoperability', 20, 'Geen bestandstype', 'No format', 'Nobody knows whether it can be read.'),
  ('no_media_type', 'interoperability', 10, 'Geen mediatype', 'No media type', 'Programs go by it.'),
  ('unlisted_format', 'interoperability', 10, 'Bestandstype staat op geen lijst', 'Format on no list',
    'A word of one''s own is understood by nobody else.'),
  ('proprietary_format', 'interoperability', 20, 'Geen open bestandstype', 'Proprietary format',
    'It needs the program of one vendor.'),
  ('not_machine_readable', 'interoperability', 20, 'Niet leesbaar voor machines', 'Not machine-readable',
    'It is made to be looked at.'),
  ('no_description', 'interoperability', 30, 'Geen beschrijving', 'No description', 'DCAT-AP asks for it.'),
  ('no_license', 'reusability', 20, 'Geen licentie', 'No license', 'Without one nobody may use it.'),
  ('unlisted_license', 'reusability', 10, 'Licentie staat op geen lijst', 'License on no list',
    'What it allows has to be looked up.'),
  ('no_access_rights', 'reusability', 10, 'Geen toegangsniveau', 'No access rights', 'Is it public?'),
  ('unlisted_access_rights', 'reusability', 5, 'Toegangsniveau staat op geen lijst', 'Access rights on no list',
    'The word means nothing elsewhere.'),
  ('no_contact', 'reusability', 20, 'Geen contactpunt', 'No contact', 'Nobody can be asked.'),
  ('no_publisher', 'reusability', 10, 'Geen publicerende organisatie', 'No publisher', 'Who says so?'),
  ('no_rights', 'contextuality', 5, 'Geen toelichting op de rechten', 'No statement of rights', 'What else applies?'),
  ('no_size', 'contextuality', 5, 'Geen bestandsgrootte', 'No file size', 'Nobody knows what to expect.'),
  ('no_issued', 'contextuality', 5, 'Geen aanmaakdatum', 'No date of issue', 'How old is it?'),
  ('no_modified', 'contextuality', 5, 'Geen wijzigingsdatum', 'No date of modification', 'Is it kept?'),
  ('overdue', 'correctness', 0, 'Te laat bijgewerkt', 'Overdue', 'Older than its own frequency allows.'),
  ('no_api', 'correctness', 0, 'High value dataset zonder API', 'High-value dataset without an API',
    'The EU asks for one (2023/138).'),
  ('duplicate_title', 'correctness', 0, 'Titel twee keer bij een eigenaar', 'Same title twice at one owner',
    'Which one is meant?'),
  ('stale_display_name', 'correctness', 0, 'Verouderde weergavenaam', 'Stale display name',
    'The list calls it otherwise by now.'),
  ('malformed_uri', 'correctness', 0, 'Geen URI', 'Malformed URI', 'It leads nowhere.'),
  ('unlisted_uri', 'correctness', 0, 'URI staat op geen lijst', 'URI on no list', 'Nobody else knows it.'));

CREATE VIEW frequencies AS -- ours: after how many days a dataset is overdue, by the code of the EU's list
SELECT column1 AS code, column2 AS days
FROM (VALUES
  ('UPDATE_CONT', 2), ('CONT', 2), ('HOURLY', 2), ('BIHOURLY', 2), ('TRIHOURLY', 2), ('DAILY_2', 2), ('DAILY', 2),
  ('WEEKLY_3', 4), ('WEEKLY_2', 5), ('WEEKLY', 8), ('MONTHLY_3', 12), ('MONTHLY_2', 17), ('BIWEEKLY', 15),
  ('MONTHLY', 32), ('BIMONTHLY', 63), ('QUARTERLY', 93), ('ANNUAL_3', 123), ('ANNUAL_2', 185), ('ANNUAL', 367),
  ('BIENNIAL', 732), ('TRIENNIAL', 1097), ('QUADRENNIAL', 1462), ('QUINQUENNIAL', 1828), ('DECENNIAL', 3654));

CREATE VIEW format_traits AS
-- ours: which formats are open, and which are for machines, by the code of the EU's list of file types or the word
-- that portals use; a service is both
SELECT column1 AS code, column2 AS is_open, column3 AS is_machine_readable
FROM (VALUES
  ('CSV', 1, 1), ('TSV', 1, 1), ('JSON', 1, 1), ('GEOJSON', 1, 1), ('JSON_LD', 1, 1), ('XML', 1, 1), ('GML', 1, 1),
  ('KML', 1, 1), ('KMZ', 1, 1), ('GPKG', 1, 1), ('ODS', 1, 1), ('RDF', 1, 1), ('RDF_XML', 1, 1), ('RDF_TURTLE', 1, 1),
  ('RDF_N_TRIPLES', 1, 1), ('TTL', 1, 1), ('N3', 1, 1), ('SPARQLQ', 1, 1), ('ATOM', 1, 1), ('RSS', 1, 1),
  ('TXT', 1, 0), ('HTML', 1, 0), ('XHTML', 1, 0), ('ODT', 1, 0), ('PNG', 1, 0), ('PDF', 1, 0), ('JPEG', 1, 0),
  ('TIFF', 1, 0), ('ZIP', 1, 0),
  ('XLS', 0, 1), ('XLSX', 1, 1), ('SHP', 0, 1), ('DBF', 0, 1), ('DWG', 0, 0), ('DXF', 1, 1), ('ECW', 0, 0),
  ('DOC', 0, 0), ('DOCX', 1, 0), ('PPT', 0, 0), ('PPTX', 1, 0), ('GDB', 0, 1), ('MDB', 0, 1), ('ACCDB', 0, 1),
  ('WMS_SRVC', 1, 1), ('WFS_SRVC', 1, 1), ('WMTS_SRVC', 1, 1), ('WCS_SRVC', 1, 1), ('WMS', 1, 1), ('WFS', 1, 1),
  ('WMTS', 1, 1), ('WCS', 1, 1), ('REST', 1, 1), ('API', 1, 1), ('ODATA', 1, 1));

CREATE VIEW resource_formats AS
-- ours: the code of each resource's format: what stands behind the last slash of its URI, or the word
SELECT
  r.dataset, r.position,
  t.value,
  t.standing,
  upper(replace(
    substr(t.value, length(rtrim(t.value, replace(t.value, '/', ''))) + 1), '-', '_')) AS code
FROM resource_rows r
JOIN terms t ON t.key = r.format_term;

CREATE VIEW findings AS
-- one row for each defect of a live dataset, or of a resource of it, by a named check
SELECT
  d.id AS dataset_id,
  NULL AS resource_position, -- NULL on the dataset
  'no_description' AS "check", -- `checks.check`
  'notes' AS field, -- where it is, as sent; of several fields the first
  NULL AS value -- what stands there
FROM all_datasets d
WHERE d.deleted_at IS NULL AND trim(coalesce(d.notes, ''), ' ' || char(9, 10, 13)) = ''
UNION ALL
SELECT d.id, NULL, 'no_keyword', 'tags', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM tag_rows t WHERE t.dataset = d.key)
UNION ALL
SELECT d.id, NULL, 'no_theme', 'theme', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL AND NOT EXISTS (
  SELECT 1 FROM uri_rows u WHERE u.dataset = d.key AND u.resource = -1
    AND u.field IN (SELECT key FROM uri_fields WHERE entity = 'dataset' AND field = 'theme'))
UNION ALL
SELECT d.id, NULL, 'no_area', 'spatial_value', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM uri_rows u WHERE u.dataset = d.key AND u.resource = -1
      AND u.field IN (SELECT key FROM uri_fields WHERE entity = 'dataset' AND field = 'spatial_value'))
  AND NOT EXISTS (
    SELECT 1 FROM extra_rows x, field_sightings s
    WHERE x.dataset = d.key AND x.resource = -1 AND s.entity = 'dataset' AND s.field = 'spatial'
      AND coalesce(x.json ->> ('$."' || s.key || '"'), '') <> '')
UNION ALL
SELECT d.id, NULL, 'no_period', 'temporal_start', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL AND coalesce(d.period_start, '') = '' AND coalesce(d.period_end, '') = ''
UNION ALL
SELECT d.id, x.resource, 'dead_link', 'link_status', r.url
FROM all_datasets d
JOIN extra_rows x ON x.dataset = d.key AND x.resource >= 0
JOIN resource_rows r ON r.dataset = x.dataset AND r.position = x.resource
WHERE d.deleted_at IS NULL AND EXISTS (
  SELECT 1 FROM field_sightings s
  WHERE s.entity = 'resource' AND s.field = 'link_status'
    AND lower(x.json ->> ('$."' || s.key || '"')) IN ('false', '0'))
UNION ALL
SELECT d.id, r.position, 'no_download_url', 'download_url', NULL
FROM all_datasets d
JOIN resource_rows r ON r.dataset = d.key
WHERE d.deleted_at IS NULL AND NOT EXISTS (
  SELECT 1 FROM uri_rows u WHERE u.dataset = d.key AND u.resource = r.position
    AND u.field IN (SELECT key FROM uri_fields WHERE entity = 'resource' AND field = 'download_url'))
UNION ALL
SELECT d.id, r.position, 'no_format', 'format', NULL
FROM all_datasets d
JOIN resource_rows r ON r.dataset = d.key
WHERE d.deleted_at IS NULL AND r.format_term IS NULL
UNION ALL
SELECT d.id, r.position, 'no_media_type', 'mimetype', NULL
FROM all_datasets d
JOIN resource_rows r ON r.dataset = d.key
WHERE d.deleted_at IS NULL AND r.media_type_term IS NULL
UNION ALL
SELECT d.id, f.position, 'unlisted_format', 'format', f.value
FROM all_datasets d
JOIN resource_formats f ON f.dataset = d.key
WHERE d.deleted_at IS NULL AND f.standing IN ('unlisted', 'removed', 'malformed')
UNION ALL
SELECT d.id, f.position, 'proprietary_format', 'format', f.value
FROM all_datasets d
JOIN resource_formats f ON f.dataset = d.key
WHERE d.deleted_at IS NULL AND f.code IN (SELECT code FROM format_traits WHERE NOT is_open)
UNION ALL
SELECT d.id, f.position, 'not_machine_readable', 'format', f.value
FROM all_datasets d
JOIN resource_formats f ON f.dataset = d.key
WHERE d.deleted_at IS NULL AND f.code IN (SELECT code FROM format_traits WHERE NOT is_machine_readable)
UNION ALL
SELECT d.id, NULL, 'no_license', 'license_id', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL AND d.license_term IS NULL
UNION ALL
SELECT d.id, NULL, 'unlisted_license', 'license_id', t.value
FROM all_datasets d
JOIN terms t ON t.key = d.license_term
WHERE d.deleted_at IS NULL AND t.standing IN ('unlisted', 'removed', 'malformed')
UNION ALL
SELECT d.id, NULL, 'no_access_rights', 'access_rights', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL AND d.access_rights_term IS NULL
UNION ALL
SELECT d.id, NULL, 'unlisted_access_rights', 'access_rights', t.value
FROM all_datasets d
JOIN terms t ON t.key = d.access_rights_term
WHERE d.deleted_at IS NULL AND t.standing IN ('unlisted', 'removed', 'malformed')
UNION ALL
SELECT d.id, NULL, 'no_contact', 'contact_point_email', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM extra_rows x, field_sightings s
    WHERE x.dataset = d.key AND x.resource = -1 AND s.entity = 'dataset'
      AND s.field IN (
        'contact_point_email', 'contact_point_phone', 'contact_point_name', 'contact_point', 'maintainer_email',
        'author_email')
      AND trim(coalesce(x.json ->> ('$."' || s.key || '"'), '')) <> '')
  AND NOT EXISTS (
    SELECT 1 FROM uri_rows u WHERE u.dataset = d.key AND u.resource = -1
      AND u.field IN (SELECT key FROM uri_fields WHERE entity = 'dataset' AND field = 'contact_point_website'))
UNION ALL
SELECT d.id, NULL, 'no_publisher', 'publisher', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL AND d.publisher_term IS NULL
UNION ALL
SELECT d.id, NULL, 'no_rights', 'restrictions_statement', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL AND NOT EXISTS (
  SELECT 1 FROM extra_rows x, field_sightings s
  WHERE x.dataset = d.key
    AND s.field IN ('restrictions_statement', 'access_restrictions_reuse', 'rights')
    AND trim(coalesce(x.json ->> ('$."' || s.key || '"'), '')) <> '')
UNION ALL
SELECT d.id, r.position, 'no_size', 'size', NULL
FROM all_datasets d
JOIN resource_rows r ON r.dataset = d.key
WHERE d.deleted_at IS NULL AND r.size IS NULL
UNION ALL
SELECT d.id, NULL, 'no_issued', 'issued', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL AND d.issued IS NULL
UNION ALL
SELECT d.id, NULL, 'no_modified', 'modified', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL AND d.modified IS NULL
UNION ALL
SELECT d.id, NULL, 'overdue', 'modified', d.modified
FROM all_datasets d
JOIN terms t ON t.key = d.frequency_term
JOIN frequencies f ON f.code = substr(t.value, length(rtrim(t.value, replace(t.value, '/', ''))) + 1)
WHERE d.deleted_at IS NULL AND d.modified < (
  SELECT strftime('%Y-%m-%d', substr(value, 1, 10), '-' || f.days || ' days') FROM meta WHERE key = 'complete_as_of')
UNION ALL
SELECT d.id, NULL, 'no_api', 'high_value', NULL
FROM all_datasets d
WHERE d.deleted_at IS NULL
  AND (
    EXISTS (
      SELECT 1 FROM extra_rows x, field_sightings s
      WHERE x.dataset = d.key AND x.resource = -1 AND s.entity = 'dataset'
        AND s.field IN ('high_value', 'high_value_dataset')
        AND lower(x.json ->> ('$."' || s.key || '"')) IN ('true', '1'))
    OR EXISTS (
      SELECT 1 FROM uri_rows u WHERE u.dataset = d.key AND u.resource = -1
        AND u.field IN (SELECT key FROM uri_fields WHERE entity = 'dataset' AND field = 'hvd_category')))
  AND NOT EXISTS (
    SELECT 1 FROM resource_rows r
    LEFT JOIN terms y ON y.key = r.type_term
    LEFT JOIN terms t ON t.key = r.format_term
    WHERE r.dataset = d.key AND (
      y.value GLOB '*/webservice' OR t.value GLOB '*_SRVC'
      OR upper(t.value) IN ('WMS', 'WFS', 'WMTS', 'WCS', 'REST', 'API', 'ODATA', 'SPARQLQ')))
UNION ALL
SELECT d.id, NULL, 'duplicate_title', 'title', d.title
FROM all_datasets d
WHERE d.deleted_at IS NULL AND (coalesce(d.owner_term, d.owner_org), d.title) IN (
  SELECT coalesce(o.owner_term, o.owner_org), o.title FROM all_datasets o
  WHERE o.deleted_at IS NULL AND o.title <> ''
  GROUP BY 1, 2 HAVING count(*) > 1)
UNION ALL
SELECT dataset_id, NULL, 'stale_display_name', field, portal_label FROM stale_display_names
UNION ALL
SELECT dataset_id, resource_position, 'malformed_uri', field, value FROM malformed_uris
UNION ALL
SELECT dataset_id, resource_position, 'unlisted_uri', field, value FROM unlisted_uris;

CREATE VIEW failing_datasets AS -- ours: which dataset has a finding of which check
SELECT DISTINCT d.key AS dataset, d.owner_term, f."check"
FROM findings f
JOIN all_datasets d ON d.id = f.dataset_id;

CREATE VIEW owner_counts AS -- ours: of each data owner how many datasets fail which check
SELECT owner_term, "check", count(*) AS datasets FROM failing_datasets GROUP BY owner_term, "check";

CREATE VIEW quality_by_owner AS
-- a row for each data owner: its datasets, the points that MQA would give, and how many of the datasets fail each
-- check
SELECT
  o.owner, -- URI of the data owner; NULL where a record names none
  o.owner_nl,
  o.owner_en,
  o.datasets, -- live ones
  405 - sum(coalesce(k.points * c.datasets * 1.0 / o.datasets, 0)) AS points, -- of 405: what MQA
    -- gives, each check by the share of datasets without a finding of it
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_keyword'), 0) AS no_keyword, -- how many of
    -- the datasets have no keywords; so the others
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_theme'), 0) AS no_theme, -- no theme
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_area'), 0) AS no_area, -- no area covered
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_period'), 0) AS no_period, -- no period covered
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'dead_link'), 0) AS dead_link, -- dead link
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_download_url'), 0) AS no_download_url, -- no download URL
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_format'), 0) AS no_format, -- no format
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_media_type'), 0) AS no_media_type, -- no media type
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'unlisted_format'), 0) AS unlisted_format, -- format on no list
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'proprietary_format'), 0) AS proprietary_format,
    -- proprietary format
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'not_machine_readable'), 0) AS not_machine_readable,
    -- not machine-readable
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_description'), 0) AS no_description, -- no description
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_license'), 0) AS no_license, -- no license
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'unlisted_license'), 0) AS unlisted_license, -- license on no list
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_access_rights'), 0) AS no_access_rights, -- no access rights
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'unlisted_access_rights'), 0) AS unlisted_access_rights,
    -- access rights on no list
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_contact'), 0) AS no_contact, -- no contact
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_publisher'), 0) AS no_publisher, -- no publisher
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_rights'), 0) AS no_rights, -- no statement of rights
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_size'), 0) AS no_size, -- no file size
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_issued'), 0) AS no_issued, -- no date of issue
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_modified'), 0) AS no_modified, -- no date of modification
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'overdue'), 0) AS overdue, -- overdue
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'no_api'), 0) AS no_api, -- high-value dataset without an API
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'duplicate_title'), 0) AS duplicate_title,
    -- same title twice at one owner
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'stale_display_name'), 0) AS stale_display_name,
    -- stale display name
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'malformed_uri'), 0) AS malformed_uri, -- malformed URI
  coalesce(sum(c.datasets) FILTER (WHERE c."check" = 'unlisted_uri'), 0) AS unlisted_uri -- uRI on no list
FROM (
  SELECT d.owner_term, t.value AS owner, t.label_nl AS owner_nl, t.label_en AS owner_en, count(*) AS datasets
  FROM all_datasets d LEFT JOIN terms t ON t.key = d.owner_term
  WHERE d.deleted_at IS NULL GROUP BY d.owner_term
) o
LEFT JOIN owner_counts c ON c.owner_term IS o.owner_term
LEFT JOIN checks k ON k."check" = c."check"
GROUP BY o.owner_term;
