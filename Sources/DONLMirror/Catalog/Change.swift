/// One entry of the feed: what happened to a dataset, once, when content changed.
public struct Change: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case create, update, delete
  }

  public var kind: Kind
  public var datasetID: String
  public var name: String?
  public var run: Int64
  /// Our clock, UTC; one stamp a transaction.
  public var recordedAt: String
  /// The portal's stamp of the record.
  public var metadataModified: String?
  /// The keys whose content differs; on an update only.
  public var changedFields: [String]?
  public var contentHash: String?
  /// On a deletion: the live id that bears the same name.
  public var replacedBy: String?
}
