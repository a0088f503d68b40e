-- The views that carry the contract. They are dropped and made again whenever the schema version moves.

CREATE VIEW datasets AS -- the live datasets, one per row
SELECT
  d.id, d.name, d.title, d.notes, d.url, d.identifier, d.state, d.type, d.private,
  d.owner_org, d.organization_title, d.authority, d.publisher, d.maintainer,
  d.license_id, d.license_title, d.access_rights, d.dataset_status, d.frequency,
  d.source_catalog, d.metadata_language, d.issued, d.modified,
  d.metadata_created, d.metadata_modified, d.num_resources, d.num_tags,
  d.content_hash, d.first_seen,
  w.finished_at AS last_seen, -- end of the last complete full walk or census that saw it
  d.first_run, d.is_repaired
FROM all_datasets d
LEFT JOIN sightings s ON s.dataset = d.key
LEFT JOIN walks w ON w.id = s.complete_walk
WHERE d.deleted_at IS NULL;

CREATE VIEW deleted_datasets AS
-- what is gone from the portal, as it was last; a dataset that comes back leaves this view and is a
-- `create` in the feed
SELECT
  d.id, d.name, d.title,
  d.deleted_at, -- when we noticed
  d.deleted_reason AS reason, -- how we know
  (
    SELECT l.id FROM all_datasets l
    WHERE l.name = d.name AND l.deleted_at IS NULL
    ORDER BY l.metadata_created DESC, l.id
    LIMIT 1
  ) AS replaced_by, -- the live id that bears the same name, if any
  d.dataset_status, d.authority, d.license_id, d.metadata_modified, d.content_hash, d.first_seen
FROM all_datasets d
WHERE d.deleted_at IS NOT NULL;

CREATE VIEW held_deletions AS
-- what is absent from the portal and was not deleted; `donl-mirror status` lists it. A row leaves
-- when the dataset is back, or when its deletion is proven
SELECT
  d.id, d.name, d.title,
  a.state, -- `held` by the guard against mass deletion, or `unclear`: without evidence
  a.detail, a.first_noted_at, a.noted_at, a.run_id
FROM absences a
-- Few are absent, however many there are.
CROSS JOIN all_datasets d ON d.key = a.dataset
WHERE a.state <> 'active';

CREATE VIEW unserved_records AS
-- what the portal counts and does not serve, one row per record; `donl-mirror status` lists it. A row
-- leaves when the record is served, or when the portal no longer counts it
SELECT
  u.dataset_id, -- NULL where the portal counts a record and shows no id
  u.first_noted_at, u.noted_at, u.detail
FROM unserved_rows u;

CREATE VIEW resources AS
-- the distributions of the live datasets. When a dataset is deleted its parts go, here and in
-- `uri_values`, `tags`, `extras` and `dataset_groups`
SELECT
  d.id AS dataset_id, r.position, r.id, r.name, r.description, r.url,
  iif(r.format = '', f.value, r.format) AS format, -- URI or word, as sent
  r.mimetype,
  iif(r.license_id = '', l.value, r.license_id) AS license_id, -- URI of the license
  r.size, r.created, r.last_modified
FROM resource_rows r
JOIN all_datasets d ON d.key = r.dataset
LEFT JOIN terms f ON f.key = r.format_term
LEFT JOIN terms l ON l.key = r.license_term;

CREATE VIEW tags AS -- one row a tag of a dataset
SELECT d.id AS dataset_id, t.name
FROM tag_rows t
JOIN all_datasets d ON d.key = t.dataset;

CREATE VIEW dataset_groups AS -- which dataset is in which group
SELECT d.id AS dataset_id, g.group_id
FROM group_rows g
JOIN all_datasets d ON d.key = g.dataset;

CREATE VIEW extras AS -- every key that neither the columns nor `uri_values` carry
SELECT
  d.id AS dataset_id,
  nullif(x.resource, -1) AS resource_position, -- NULL on the dataset
  s.field AS key, -- the key as sent
  e.value, -- text, or JSON for what is no string
  s.json_type -- `string`, `number`, `boolean`, `array`, `object`
FROM extra_rows x
JOIN all_datasets d ON d.key = x.dataset
CROSS JOIN json_each(x.json) e
CROSS JOIN field_sightings s ON s.key = e.key;

CREATE VIEW records AS -- the live datasets as they came
SELECT d.id AS dataset_id, r.json, r.fetched_at
FROM record_rows r
JOIN all_datasets d ON d.key = r.dataset
WHERE d.deleted_at IS NULL;

CREATE VIEW unknown_fields AS -- ours: the sightings that the census of fields shows
SELECT s.key, s.entity, s.field, s.json_type, s.datasets, s.example, s.first_seen
FROM field_sightings s
LEFT JOIN fields f ON f.entity = s.entity AND f.field = s.field
WHERE f.field IS NULL OR s.json_type NOT IN (
  -- As CKAN sends the kind, or as text: its extras hold nothing else.
  'string',
  CASE f.kind
    WHEN 'boolean' THEN 'boolean' WHEN 'number' THEN 'number' WHEN 'object' THEN 'object'
    WHEN 'object list' THEN 'array' WHEN 'text list' THEN 'array' WHEN 'display name' THEN 'array'
    ELSE 'string'
  END);

CREATE VIEW field_census AS
-- what no column and no row of `fields` carries: keys that nobody knows, and known ones in another
-- type of JSON. Drift is a query
SELECT
  entity, -- `dataset`, `resource`
  field, -- the key as sent
  json_type, -- `string`, `number`, `boolean`, `array`, `object`
  datasets, -- how many have it
  example, -- the first 200 characters of one value
  first_seen -- when a run first saw it
FROM unknown_fields
WHERE datasets > 0;

CREATE VIEW dataset_history AS
-- what changed in each dataset, one row a field of an update and one row for what else happened:
-- `WHERE dataset_id = ?`. `donl-mirror show NAME --history` tells the same to a person
SELECT
  c.dataset_id, c.seq, c.kind, c.recorded_at, c.run_id, c.name,
  f.value AS field, -- the key; NULL on a `create` and a `delete`
  (SELECT e.value FROM json_each(c.before) e WHERE e.key = f.value) AS before, -- what it had, JSON for what is no
    -- string; NULL for nothing, and where the memory does not reach
  iif(
    f.value IS NULL, NULL,
    coalesce(
      (
        SELECT (SELECT e.value FROM json_each(n.before) e WHERE e.key = f.value)
        FROM changes n
        WHERE n.dataset_id = c.dataset_id AND n.seq > c.seq
          AND EXISTS (SELECT 1 FROM json_each(n.changed_fields) k WHERE k.value = f.value)
        ORDER BY n.seq LIMIT 1
      ),
      (
        SELECT e.value FROM all_datasets d JOIN record_rows r ON r.dataset = d.key CROSS JOIN json_each(r.json) e
        WHERE d.id = c.dataset_id AND e.key = f.value
          AND NOT EXISTS (
            SELECT 1 FROM changes n
            WHERE n.dataset_id = c.dataset_id AND n.seq > c.seq
              AND EXISTS (SELECT 1 FROM json_each(n.changed_fields) k WHERE k.value = f.value))
      ))) AS after -- what it has from then on; where no later change tells, as it is now,
    -- with what churns
FROM changes c
LEFT JOIN json_each(c.changed_fields) f;

CREATE VIEW latest_complete_run AS
-- the last row of `runs` whose outcome is `complete`; no row when there is none
SELECT * FROM runs WHERE outcome = 'complete' ORDER BY id DESC LIMIT 1;
