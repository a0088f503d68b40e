-- Secondary indexes. They are built when the first harvest ends: building them once costs half of keeping them.
CREATE INDEX IF NOT EXISTS all_datasets_name ON all_datasets(name);
-- Counting the live ones, or those that moved since, reads nothing else: a run that finds nothing new does both.
CREATE INDEX IF NOT EXISTS all_datasets_moved ON all_datasets(deleted_at, metadata_modified);
DROP INDEX IF EXISTS all_datasets_metadata_modified;
DROP INDEX IF EXISTS all_datasets_deleted;
CREATE INDEX IF NOT EXISTS all_datasets_authority ON all_datasets(authority, license_id);
CREATE INDEX IF NOT EXISTS all_datasets_owner_org ON all_datasets(owner_org);
CREATE INDEX IF NOT EXISTS resource_rows_format ON resource_rows(format);
CREATE INDEX IF NOT EXISTS dataset_uri_rows_value ON dataset_uri_rows(field, value);
CREATE INDEX IF NOT EXISTS tag_rows_name ON tag_rows(name);
CREATE INDEX IF NOT EXISTS group_rows_group ON group_rows(group_id);
CREATE INDEX IF NOT EXISTS changes_dataset ON changes(dataset_id);
CREATE INDEX IF NOT EXISTS changes_run ON changes(run_id);
CREATE INDEX IF NOT EXISTS rejections_dataset ON rejections(dataset_id);
CREATE INDEX IF NOT EXISTS concepts_with_comma ON concepts(list, uri) WHERE instr(uri, ',') > 0;
CREATE INDEX IF NOT EXISTS fields_renamed ON fields(entity, renamed_to) WHERE renamed_to IS NOT NULL;
