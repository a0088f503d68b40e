// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// Stands in for what the package embeds; the fuzzers bring a field table of their own.
enum PackageResources {
  static let fields_csv: [UInt8] = []
  static let value_lists_csv: [UInt8] = []
}
