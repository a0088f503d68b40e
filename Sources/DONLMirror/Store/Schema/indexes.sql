-- Secondary indexes. They are built when a first harvest ends, or has become large: building them once costs half of
-- keeping them.
CREATE INDEX IF NOT EXISTS all_datasets_name ON all_datasets(name);
-- Counting the live ones, or those that moved since, reads nothing else: a run that finds nothing new does both.
CREATE INDEX IF NOT EXISTS all_datasets_moved ON all_datasets(deleted_at, metadata_modified);
CREATE INDEX IF NOT EXISTS all_datasets_authority ON all_datasets(authority, license_id);
CREATE INDEX IF NOT EXISTS all_datasets_owner_org ON all_datasets(owner_org);
CREATE INDEX IF NOT EXISTS all_datasets_owner ON all_datasets(owner_term);
CREATE INDEX IF NOT EXISTS uri_rows_term ON uri_rows(term);
CREATE INDEX IF NOT EXISTS terms_standing ON terms(standing);
CREATE INDEX IF NOT EXISTS terms_entries ON terms(list, value) WHERE first_seen IS NOT NULL;
CREATE INDEX IF NOT EXISTS terms_label_nl ON terms(label_nl) WHERE label_nl IS NOT NULL;
CREATE INDEX IF NOT EXISTS terms_label_en ON terms(label_en) WHERE label_en IS NOT NULL;
CREATE INDEX IF NOT EXISTS tag_rows_name ON tag_rows(name);
CREATE INDEX IF NOT EXISTS group_rows_group ON group_rows(group_id);
CREATE INDEX IF NOT EXISTS changes_dataset ON changes(dataset_id);
CREATE INDEX IF NOT EXISTS changes_run ON changes(run_id);
CREATE INDEX IF NOT EXISTS rejections_dataset ON rejections(dataset_id);
CREATE INDEX IF NOT EXISTS fields_renamed ON fields(entity, renamed_to) WHERE renamed_to IS NOT NULL;
