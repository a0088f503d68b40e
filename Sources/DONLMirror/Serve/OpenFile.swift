import Foundation
import NIOCore

/// A file that stays readable as long as somebody holds it, also when its name is gone.
final class OpenFile: Sendable {
  let size: Int
  private let file: Int32

  /// - Throws: `Failure` as the disk says.
  init(path: String) throws {
    file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Failure(errno: errno, "\(path) cannot be read") }
    var status = stat()
    fstat(file, &status)
    size = Int(status.st_size)
  }

  deinit { close(file) }

  /// - Returns: fewer bytes than asked where the file ends.
  func read(_ range: Range<Int>) throws -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(range.count)
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = buffer.writeWithUnsafeMutableBytes(
        minimumWritableBytes: range.upperBound - offset
      ) { room in
        max(0, pread(file, room.baseAddress, range.upperBound - offset, off_t(offset)))
      }
      guard count > 0 else { return buffer }
      offset += count
    }
    return buffer
  }
}
