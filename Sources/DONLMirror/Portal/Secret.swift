import Foundation

/// A text that no log, message or dump may show.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  let value: String

  /// White space around it, such as the end of a line in its file, is not part of it.
  public init(_ value: String) {
    self.value = value.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  public var description: String { "***" }
  public var debugDescription: String { "***" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
