import CZlib
import NIOCore

/// gzip by the system's zlib.
package enum Gzip {
  private static let chunk = 1 << 18

  /// The unpacked bytes of one or more gzip members; nil if they are damaged or cut short.
  package static func inflate(_ packed: ByteBuffer) -> ByteBuffer? {
    var stream = z_stream()
    guard
      inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { inflateEnd(&stream) }
    var input = packed
    var output = ByteBuffer()
    var status = Z_OK
    input.withUnsafeMutableReadableBytes { bytes in
      stream.next_in = bytes.bindMemory(to: UInt8.self).baseAddress
      stream.avail_in = UInt32(bytes.count)
      while status == Z_OK {
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: chunk) { room in
          stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
          stream.avail_out = UInt32(room.count)
          status = CZlib.inflate(&stream, Z_NO_FLUSH)
          return room.count - Int(stream.avail_out)
        }
        if status == Z_STREAM_END, stream.avail_in > 0 { status = inflateReset(&stream) }
      }
    }
    return status == Z_STREAM_END ? output : nil
  }

  /// The bytes packed as one gzip member, at the fastest level: what a proxy in front would do.
  package static func deflate(_ bytes: ByteBuffer) -> ByteBuffer? {
    var stream = z_stream()
    guard
      deflateInit2_(
        &stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = ByteBuffer()
    var status = Z_OK
    let room = Int(deflateBound(&stream, UInt(bytes.readableBytes)))
    input.withUnsafeMutableReadableBytes { bytes in
      stream.next_in = bytes.bindMemory(to: UInt8.self).baseAddress
      stream.avail_in = UInt32(bytes.count)
      output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { space in
        stream.next_out = space.bindMemory(to: UInt8.self).baseAddress
        stream.avail_out = UInt32(space.count)
        status = CZlib.deflate(&stream, Z_FINISH)
        return space.count - Int(stream.avail_out)
      }
    }
    return status == Z_STREAM_END ? output : nil
  }
}
