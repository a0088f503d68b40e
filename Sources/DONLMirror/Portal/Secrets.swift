import Foundation
import Logging

/// What this process keeps to itself, and how it is taken out of a text, whoever repeats it there:
/// a portal's error page, a proxy, a redirect.
///
/// A server may echo a header in any spelling, so a text is read as sent and with its escapes
/// undone (percent, JSON, C, HTML, several on top of each other), without regard to case, space and
/// the two alphabets of base64; a secret is looked for as it is, in hex and in base64. A part of it
/// counts too: whoever repeats a header may cut it short.
struct Secrets: Sendable, Hashable {
  static let none = Secrets([])

  /// Of a longer secret, so much is given away by no text.
  private static let partBytes = 12
  /// A shorter text is in every other word, and no secret.
  private static let bytesMin = 4
  private static let mask = Array("***".utf8)

  /// By their length: what must not be in a text, in normal form.
  private var needles: [Int: Set<[UInt8]>] = [:]

  init(_ secrets: [Secret]) {
    for secret in secrets {
      add(Array(secret.value.utf8))
      addCredentials(of: secret.value)
      if let decoded = secret.value.removingPercentEncoding { add(Array(decoded.utf8)) }
    }
  }

  /// `Bearer TOKEN` is a secret for its second word, `Basic BASE64` for what that says too.
  private mutating func addCredentials(of text: String) {
    let words = text.split(separator: " ", maxSplits: 1)
    guard words.count == 2, Self.schemes.contains(words[0].lowercased()) else { return }
    add(Array(words[1].utf8))
    guard let decoded = Data(base64Encoded: String(words[1])).map({ [UInt8]($0) }) else { return }
    add(decoded)
    if let colon = decoded.firstIndex(of: UInt8(ascii: ":")) { add(Array(decoded[(colon + 1)...])) }
  }

  private static let schemes: Set = ["apikey", "api-key", "basic", "bearer", "key", "token"]

  private mutating func add(_ secret: [UInt8]) {
    guard secret.count >= Self.bytesMin else { return }
    addNeedles(for: secret)
    var spellings = [secret.hex]
    // In base64 it looks otherwise by how many bytes stand before it. What its neighbours share is
    // left out of the comparison.
    for before in 0..<3 {
      let bytes = [UInt8](repeating: 0, count: before) + secret
      let whole = Data(bytes[..<(bytes.count - bytes.count % 3)]).base64EncodedString()
      spellings.append(String(whole.dropFirst(before == 0 ? 0 : 4)))
    }
    for spelling in spellings where spelling.utf8.count >= 8 {
      addNeedles(for: Array(spelling.utf8))
    }
  }

  private mutating func addNeedles(for secret: [UInt8]) {
    let normal = secret.compactMap(Self.normal)
    guard normal.count >= Self.bytesMin else { return }
    let length = min(normal.count, Self.partBytes)
    for start in 0...(normal.count - length) {
      needles[length, default: []].insert(Array(normal[start..<(start + length)]))
    }
  }

  /// The text with `***` for what is secret in it.
  func redacted(_ text: String) -> String {
    guard !needles.isEmpty else { return text }
    return String(decoding: redacted(Array(text.utf8)), as: UTF8.self)
  }

  /// - Parameter bytes: in whatever encoding.
  func redacted(_ bytes: [UInt8]) -> [UInt8] {
    guard !needles.isEmpty else { return bytes }
    var isSecret = [Bool](repeating: false, count: bytes.count)
    var layer = EscapedText(bytes)
    // The deepest that was seen in the wild is a URL in JSON in HTML.
    for _ in 0...3 {
      mark(layer, in: &isSecret)
      guard let next = layer.unescaped() else { break }
      layer = next
    }
    guard isSecret.contains(true) else { return bytes }
    var redacted: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
      if !isSecret[index] {
        redacted.append(byte)
      } else if index == 0 || !isSecret[index - 1] {
        redacted += Self.mask
      }
    }
    return redacted
  }

  private func mark(_ text: EscapedText, in isSecret: inout [Bool]) {
    var bytes: [UInt8] = []
    var places: [Range<Int>] = []
    for (byte, place) in zip(text.bytes, text.places) {
      guard let normal = Self.normal(byte) else { continue }
      bytes.append(normal)
      places.append(place)
    }
    for (length, needles) in needles where length <= bytes.count {
      for start in 0...(bytes.count - length)
      where needles.contains(Array(bytes[start..<(start + length)])) {
        let place = places[start].lowerBound..<places[start + length - 1].upperBound
        for index in place { isSecret[index] = true }
      }
    }
  }

  /// Nil for what may come or go on the way: space, and signs that encodings replace by each other.
  private static func normal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0, 0x09, 0x0A, 0x0D, 0x20, UInt8(ascii: "+"), UInt8(ascii: "-"): nil
    case UInt8(ascii: "_"): UInt8(ascii: "/")
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
    default: byte
    }
  }
}

extension PortalError {
  /// The same error, for everybody's eyes.
  func redacted(by secrets: Secrets) -> PortalError {
    var error = self
    error.message = secrets.redacted(message)
    error.type = type.map(secrets.redacted)
    error.excerpt = excerpt.map(secrets.redacted)
    return error
  }
}

extension Failure {
  func redacted(by secrets: Secrets) -> Failure {
    var failure = self
    failure.message = secrets.redacted(message)
    return failure
  }
}

extension Logger {
  /// The same log, without what is secret.
  func redacted(by secrets: Secrets) -> Logger {
    let handler = handler
    // Whoever hands it on has done so already.
    if let log = handler as? RedactedLog, log.secrets == secrets { return self }
    return Logger(label: label) { _ in RedactedLog(inner: handler, secrets: secrets) }
  }
}

/// Takes secrets out of every line, whoever wrote it.
private struct RedactedLog: LogHandler {
  var inner: any LogHandler
  let secrets: Secrets

  var metadata: Logger.Metadata {
    get { inner.metadata }
    set { inner.metadata = newValue }
  }

  var logLevel: Logger.Level {
    get { inner.logLevel }
    set { inner.logLevel = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { inner[metadataKey: key] }
    set { inner[metadataKey: key] = newValue }
  }

  func log(event: LogEvent) {
    var event = event
    event.message = "\(secrets.redacted("\(event.message)"))"
    let metadata = event.metadata?.map { key, value in
      // The reason is a word of ours.
      (key, key == "reason" ? value : "\(secrets.redacted("\(value)"))")
    }
    event.metadata = metadata.map { Dictionary(uniqueKeysWithValues: $0) }
    inner.log(event: event)
  }
}

/// A text that no log, message or dump may show.
struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  let value: String

  /// White space around it, such as the end of a line in its file, is not part of it.
  init(_ value: String) {
    self.value = value.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  var description: String { "***" }
  var debugDescription: String { "***" }
  var customMirror: Mirror { Mirror(self, children: []) }
}
