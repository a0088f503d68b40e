import CKANServer
import Foundation
import HummingbirdCore
import NIOCore

extension SamplePortal.Fault {
  /// What reaches the client instead of the answer; nil for faults of another kind.
  ///
  /// - Parameter response: the answer as it would be sent, not packed.
  func steps(for response: Response, _ body: ByteBuffer) -> [WireStep]? {
    let wire = Wire(response: response, body: body)
    switch self {
    case .silence: return []
    case .hangsUp: return [.close]
    case .cut(let after): return [wire.sized(), wire.part(after), .close]
    case .cutChunk(let after):
      let size = String(body.readableBytes, radix: 16)
      return [wire.chunked(), .text("\(size)\r\n"), wire.part(after), .close]
    case .badChunk(let after):
      let size = String(min(after, body.readableBytes), radix: 16)
      return [wire.chunked(), .text("\(size)\r\n"), wire.part(after), .text("\r\nzz\r\n")]
    case .cutWithoutLength(let after):
      return [wire.head(["Connection: close"]), wire.part(after), .close]
    case .surplus(let text): return [wire.sized(), .send(body), .text(text)]
    case .stalls(let after): return [wire.sized(), wire.part(after)]
    case .resets(let after): return [wire.sized(), wire.part(after), .reset]
    case .drips(let milliseconds):
      return [wire.sized(), .drip(body, every: .milliseconds(Int64(milliseconds)))]
    case .plainCalledGzip: return wire.gzip(body)
    case .cutGzip(let dropped):
      let packed = Gzip.deflate(body) ?? body
      return wire.gzip(packed.getSlice(at: 0, length: packed.readableBytes - dropped) ?? packed)
    case .gzipBomb(let bytes):
      return wire.gzip(Gzip.deflate(ByteBuffer(repeating: UInt8(ascii: " "), count: bytes)) ?? body)
    case .endless:
      return [
        wire.head(["Connection: close"]), .text(#"{"help": ""#),
        .endless(ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 16)),
      ]
    case .hugeHeader(let bytes):
      return [wire.head(["X-Long: " + String(repeating: "x", count: bytes)]), .send(body), .close]
    case .notHTTP: return [.text("SSH-2.0-OpenSSH_9.2\r\n\r\n"), .close]
    case .answers, .refuses, .redirects, .repeatsPrevious, .chokesOn, .rowsCap, .ignoresSort,
      .ignoresFilter, .filterMatchesNothing, .indexHolds, .deletes, .puts:
      return nil
    }
  }
}

/// The bytes of an answer, to be put together wrongly.
private struct Wire {
  let response: Response
  let body: ByteBuffer

  /// The head with these lines in place of those about length and encoding.
  func head(_ lines: [String]) -> WireStep {
    let about: Set = ["content-length", "content-encoding", "transfer-encoding"]
    let kept = response.headers.filter { !about.contains($0.name.rawName.lowercased()) }
      .map { "\($0.name.rawName): \($0.value)" }
    let status = response.status
    let all = ["HTTP/1.1 \(status.code) \(status.reasonPhrase)"] + kept + lines + ["", ""]
    return .text(all.joined(separator: "\r\n"))
  }

  func sized() -> WireStep { head(["Content-Length: \(body.readableBytes)"]) }
  func chunked() -> WireStep { head(["Transfer-Encoding: chunked"]) }

  func part(_ length: Int) -> WireStep {
    .send(body.getSlice(at: body.readerIndex, length: min(length, body.readableBytes)) ?? body)
  }

  func gzip(_ bytes: ByteBuffer) -> [WireStep] {
    [
      head(["Content-Length: \(bytes.readableBytes)", "Content-Encoding: gzip"]), .send(bytes),
    ]
  }
}

extension WireStep {
  static func text(_ text: String) -> WireStep { .send(ByteBuffer(string: text)) }
}
