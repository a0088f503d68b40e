import CKANServer
import Foundation
import NIOCore
import Synchronization

/// The mirror as a server reads it: some readers of the file, and an index in memory that follows it.
///
/// Reading never waits for a harvest, and a harvest never for a reader: each request reads one state in
/// a transaction of its own, which ends with the request.
final class MirrorSite: Sendable {
  /// The database, or the link of a published copy.
  let path: String

  private struct Readers {
    var file: FileIdentity?
    var idle: [MirrorReader] = []
  }

  private let readers = Mutex(Readers())
  private let index = Mutex(SiteIndex())

  init(path: String) { self.path = path }

  /// How long a request may read; what takes longer is given up.
  private static let patience = Duration.seconds(30)

  /// Reads one state.
  ///
  /// - Parameter isPatient: however long it takes.
  func read<Result>(
    isPatient: Bool = false, _ work: (SiteState) throws -> Result
  ) throws -> Result {
    let (reader, file) = try borrow()
    defer { giveBack(reader, file) }
    let deadline =
      isPatient
      ? nil
      : Task {
        try await Task.sleep(for: Self.patience)
        reader.interrupt()
      }
    defer { deadline?.cancel() }
    return try reader.snapshot { try work(SiteState($0, reader, self)) }
  }

  /// A reader of the file that bears the name now: a copy that is published anew is another file.
  private func borrow() throws -> (MirrorReader, FileIdentity?) {
    let file = FileIdentity(path)
    let (known, outdated) = readers.withLock { readers in
      let isOther = readers.file != file
      let outdated = isOther ? readers.idle : []
      if isOther { readers = Readers(file: file) }
      return (readers.idle.popLast(), outdated)
    }
    for reader in outdated { reader.close() }
    return (try known ?? MirrorReader(path: path), file)
  }

  private func giveBack(_ reader: MirrorReader, _ file: FileIdentity?) {
    let isCurrent = readers.withLock { readers in
      guard readers.file == file else { return false }
      readers.idle.append(reader)
      return true
    }
    if !isCurrent { reader.close() }
  }

  /// The index, brought to the state that is being read.
  func withIndex<Result>(
    _ fields: Set<String>, of state: SiteState, _ body: (inout RecordIndex) throws -> Result
  ) throws -> Result {
    try index.withLock { index in
      try index.follow(state)
      try index.prepare(fields, from: state)
      return try body(&index.records)
    }
  }
}
