import DONLMirror
import Foundation
import Synchronization

/// A stream of the terminal. One line at a time, and a progress bar that steps aside for lines.
final class Console: Sendable {
  static let standardOutput = Console(FileHandle.standardOutput.fileDescriptor)
  static let standardError = Console(FileHandle.standardError.fileDescriptor)

  let isTerminal: Bool
  private let descriptor: Int32
  private let bar = Mutex("")

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    let term = ProcessInfo.processInfo.environment["TERM"]
    isTerminal = isatty(descriptor) == 1 && term != "dumb"
  }

  /// Device and inode, as `$JOURNAL_STREAM` names a file; nil when the stream is closed.
  var file: String? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    return "\(status.st_dev):\(status.st_ino)"
  }

  func write(_ text: String) {
    bar.withLock { bar in
      emit((bar.isEmpty ? "" : Self.clearLine) + text + bar)
    }
  }

  /// Draws a line that the next `write` or `draw` replaces; empty takes it away.
  func draw(_ line: String) {
    guard isTerminal else { return }
    bar.withLock { bar in
      guard bar != line else { return }
      emit(Self.clearLine + line)
      bar = line
    }
  }

  private static let clearLine = "\r\u{1B}[K"

  private func emit(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      // A reader that has gone (`| head`) is no error of ours.
      guard count > 0 || errno == EINTR else { return }
      bytes = bytes.dropFirst(max(count, 0))
    }
  }
}

extension String {
  /// Control and format characters as `\u{1B}`, so that a title can neither forge a line nor color a
  /// terminal. The joiners stay, without which scripts and emoji cannot be read.
  var escapedForTerminal: String {
    guard unicodeScalars.contains(where: \.isUnsafeOnTerminal) else { return self }
    var out = ""
    for scalar in unicodeScalars {
      if scalar.isUnsafeOnTerminal {
        out += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}

extension Unicode.Scalar {
  fileprivate var isUnsafeOnTerminal: Bool {
    isUnsafeToShow && value != 0x200C && value != 0x200D
  }
}
