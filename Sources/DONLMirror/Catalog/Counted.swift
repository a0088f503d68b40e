/// A number with what it counts, as people say it: `1 record`, `2 records`.
///
/// - Parameter noun: in the singular; its plural takes an s.
public func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}
