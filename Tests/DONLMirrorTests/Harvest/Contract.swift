import Testing

@testable import DONLMirror

/// The tables and columns that docs/contract.md promises to those who read the file.
enum Contract {
  struct Table: Sendable, CustomTestStringConvertible {
    var name: String
    var columns: [String]
    /// What says when rather than what: two mirrors of one catalogue differ in these.
    static let times = ["first_seen", "last_seen", "fetched_at"]

    init(_ name: String, _ columns: String) {
      self.name = name
      self.columns = columns.split(separator: " ").map(String.init)
    }

    var testDescription: String { name }
  }

  /// What a mirror says of the catalogue, whenever and however it came to know it.
  static let catalog = [
    Table(
      "datasets",
      """
      id name title notes url identifier state type private owner_org organization_title authority \
      publisher maintainer license_id license_title access_rights dataset_status frequency \
      source_catalog metadata_language issued modified metadata_created metadata_modified \
      num_resources num_tags content_hash first_seen last_seen
      """),
    Table(
      "resources",
      """
      dataset_id position id name description url format mimetype license_id size created \
      last_modified
      """),
    Table(
      "uri_values",
      """
      dataset_id resource_position resource_id field position value uri portal_label label_nl \
      label_en value_list
      """),
    Table("tags", "dataset_id name"),
    Table("organizations", "id name title description"),
    Table("groups", "id name title description"),
    Table("dataset_groups", "dataset_id group_id"),
    Table("extras", "dataset_id resource_position key value"),
    Table("records", "dataset_id json fetched_at"),
    Table("value_lists", "name url fetched_at checked_at entries"),
    Table("concepts", "list uri label_nl label_en parent first_seen last_seen removed_at"),
    Table("fields", "entity field kind value_list dcat iso19115 label_nl label_en"),
    Table(
      "stale_display_names", "dataset_id name field uri portal_label list_label value_list"),
    Table("unlisted_uris", "dataset_id resource_id field value value_list"),
    Table("malformed_uris", "dataset_id resource_id field value value_list"),
    Table("field_census", "entity field json_type datasets example first_seen"),
  ]

  static let history = [
    Table("deleted_datasets", "id name title deleted_at reason replaced_by"),
    Table(
      "runs",
      """
      id mode outcome started_at finished_at checkpoint portal_count requests retries bytes created \
      updated touched unchanged deleted held rejected exit_code reason message
      """),
    Table(
      "changes",
      """
      seq kind dataset_id name run_id recorded_at metadata_modified changed_fields before \
      content_hash replaced_by
      """),
    Table("rejections", "dataset_id run_id reason record first_seen last_seen attempts"),
    Table("meta", "key value"),
    Table("datasets_fts", "name title notes tags organization resources"),
  ]
}

extension Mirror {
  /// Every promised table of the catalogue, its rows sorted, without the times of our own.
  func catalog() throws -> [String: [String]] {
    var tables: [String: [String]] = [:]
    for table in Contract.catalog {
      let columns = table.columns.filter { !Contract.Table.times.contains($0) }
      tables[table.name] = try strings(
        "SELECT json_array(\(columns.joined(separator: ", "))) AS row FROM \(table.name) ORDER BY 1"
      ).compactMap(\.self)
    }
    return tables
  }
}
