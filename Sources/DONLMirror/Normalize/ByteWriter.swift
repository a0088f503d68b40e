/// Bytes that grow at their end: text of which a record has hundreds, written without the checks of an
/// array at each.
final class ByteWriter {
  private var storage: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(capacity: Int = 4096) {
    storage = .allocate(byteCount: max(capacity, 16), alignment: 1)
  }

  deinit { storage.deallocate() }

  /// What has been written; valid until something else is.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[..<count]) }

  var view: ByteView { ByteView(bytes) }

  func removeLast(_ bytes: Int) {
    precondition(bytes <= count)
    count -= bytes
  }

  func removeAll() { count = 0 }

  /// Makes room for so many bytes more.
  func reserve(_ bytes: Int) {
    guard count + bytes > storage.count else { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(count + bytes, 2 * storage.count), alignment: 1)
    larger.copyMemory(from: self.bytes)
    storage.deallocate()
    storage = larger
  }

  func append(_ byte: UInt8) {
    reserve(1)
    storage[count] = byte
    count += 1
  }

  func append(contentsOf bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    reserve(bytes.count)
    UnsafeMutableRawBufferPointer(rebasing: storage[count...]).baseAddress?
      .copyMemory(from: start, byteCount: bytes.count)
    count += bytes.count
  }

  func append(_ text: StaticString) {
    append(
      contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
