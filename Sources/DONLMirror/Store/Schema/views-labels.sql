-- The catalogue with labels, by the fields of DONL 1.1: flat joins. Which value a column shows was settled when the
-- record was written (LabeledColumns.swift). Dropped and recreated together with views.sql.

CREATE VIEW labeled_datasets AS -- the live datasets. A label is NULL where no list has it
SELECT
  d.id, d.name, d.title,
  owner.value AS owner, -- URI of the data owner: `authority`, in DONL 1.0 `maintainer`
  owner.label_nl AS owner_nl,
  owner.label_en AS owner_en,
  publisher.value AS publisher, -- `publisher`, `author`
  publisher.label_nl AS publisher_nl,
  publisher.label_en AS publisher_en,
  license.value AS license, -- URI of the license
  license.label_nl AS license_nl,
  license.label_en AS license_en,
  access_rights.value AS access_rights, -- URI: public, restricted, …
  access_rights.label_nl AS access_rights_nl,
  access_rights.label_en AS access_rights_en,
  status.value AS status, -- `dataset_status`
  status.label_nl AS status_nl,
  status.label_en AS status_en,
  frequency.value AS frequency, -- `frequency`, `accrual_periodicity`
  frequency.label_nl AS frequency_nl,
  frequency.label_en AS frequency_en,
  source_catalog.value AS source_catalog, -- in DONL 1.0 `source`, a word
  source_catalog.label_nl AS source_catalog_nl,
  source_catalog.label_en AS source_catalog_en,
  language.value AS language, -- the first one
  language.label_nl AS language_nl,
  language.label_en AS language_en,
  metadata_language.value AS metadata_language, -- URI of the language of the metadata
  metadata_language.label_nl AS metadata_language_nl,
  metadata_language.label_en AS metadata_language_en,
  landing_page.value AS landing_page, -- `url`, `landingpage`
  d.period_start, -- as sent: `temporal_start`, `temporal_from`
  d.period_end, -- as sent: `temporal_end`, `temporal_to`
  (
    SELECT group_concat(t.label_nl, '; ') FROM uri_rows u JOIN terms t ON t.key = u.term
    WHERE u.dataset = d.key AND u.resource = -1
      AND u.field = (SELECT key FROM uri_fields WHERE entity = 'dataset' AND field = 'theme' AND scheme = '')
  ) AS themes_nl, -- joined with `; `
  (
    SELECT group_concat(t.label_en, '; ') FROM uri_rows u JOIN terms t ON t.key = u.term
    WHERE u.dataset = d.key AND u.resource = -1
      AND u.field = (SELECT key FROM uri_fields WHERE entity = 'dataset' AND field = 'theme' AND scheme = '')
  ) AS themes_en, -- the same in English
  d.issued, d.modified, d.metadata_modified
FROM all_datasets d
LEFT JOIN terms owner ON owner.key = d.owner_term
LEFT JOIN terms publisher ON publisher.key = d.publisher_term
LEFT JOIN terms license ON license.key = d.license_term
LEFT JOIN terms access_rights ON access_rights.key = d.access_rights_term
LEFT JOIN terms status ON status.key = d.status_term
LEFT JOIN terms frequency ON frequency.key = d.frequency_term
LEFT JOIN terms source_catalog ON source_catalog.key = d.source_catalog_term
LEFT JOIN terms language ON language.key = d.language_term
LEFT JOIN terms metadata_language ON metadata_language.key = d.metadata_language_term
LEFT JOIN terms landing_page ON landing_page.key = d.landing_page_term
WHERE d.deleted_at IS NULL;

CREATE VIEW labeled_resources AS -- the resources of the live datasets with labels
SELECT
  d.id AS dataset_id, r.position, r.id, r.name, r.url, r.size,
  format.value AS format, -- URI or word, as sent
  format.label_nl AS format_nl,
  format.label_en AS format_en,
  media_type.value AS media_type, -- `mimetype` or `media_type`
  media_type.label_nl AS media_type_nl,
  media_type.label_en AS media_type_en,
  license.value AS license, -- URI of the license
  license.label_nl AS license_nl,
  license.label_en AS license_en,
  status.value AS status, -- URI: how far its life is
  status.label_nl AS status_nl,
  status.label_en AS status_en,
  type.value AS type, -- `distribution_type`
  type.label_nl AS type_nl,
  type.label_en AS type_en,
  language.value AS language, -- the first one
  language.label_nl AS language_nl,
  language.label_en AS language_en,
  r.created, r.last_modified
FROM resource_rows r
JOIN all_datasets d ON d.key = r.dataset
LEFT JOIN terms format ON format.key = r.format_term
LEFT JOIN terms media_type ON media_type.key = r.media_type_term
LEFT JOIN terms license ON license.key = r.license_term
LEFT JOIN terms status ON status.key = r.status_term
LEFT JOIN terms type ON type.key = r.type_term
LEFT JOIN terms language ON language.key = r.language_term;
