import Foundation

/// A string that compares by its UTF-8 bytes, as Solr's string fields do.
package struct ByteOrdered: Sendable, Comparable, Hashable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (left: Self, right: Self) -> Bool { left.compare(right) == 0 }

  package static func < (left: Self, right: Self) -> Bool { left.compare(right) < 0 }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  private func compare(_ other: Self) -> Int {
    var left = text
    var right = other.text
    return left.withUTF8 { left in
      right.withUTF8 { right in
        let shared = min(left.count, right.count)
        guard shared > 0, let first = left.baseAddress, let second = right.baseAddress else {
          return left.count - right.count
        }
        let order = Int(memcmp(first, second, shared))
        return order == 0 ? left.count - right.count : order
      }
    }
  }
}
