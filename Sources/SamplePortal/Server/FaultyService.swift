import CKANServer
import Foundation
import NIOCore

extension SamplePortal {
  /// The answer of a portal with this fault. Faults of the wire leave the answer as it is.
  func serve(_ request: Request, under fault: Fault) -> Answer {
    switch fault {
    case .answers(let status, let headers, let body):
      let fields = headers ?? ["Content-Type": "text/html; charset=utf-8"]
      return Answer(
        status: status,
        headers: fields.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) },
        body: ByteBuffer(string: body ?? ""))
    case .refuses(let status, let type):
      return .json(
        status, ["success": false, "error": ["__type": .string(type), "message": "Geweigerd"]])
    case .redirects(let base):
      let query = request.query.isEmpty ? "" : "?\(request.query)"
      let place = "\(base)/api/3/action/\(request.action ?? "")\(query)"
      return Answer(
        status: 302, headers: [.init(name: "Location", value: place)], body: ByteBuffer())
    case .repeatsPrevious:
      return request.action.flatMap(lastAnswer) ?? serve(request)
    case .chokesOn(let id):
      let answer = serve(request)
      let holdsIt = answer.body.readableBytesView.contains("\"\(id)\"".utf8)
      return holdsIt ? .json(500, "Internal Server Error") : answer
    case .rowsCap(let cap): return serve(request) { $0.rowsCap = cap }
    case .ignoresSort: return serve(request) { $0.ignoresSort = true }
    case .ignoresFilter: return serve(request) { $0.ignoresFilter = true }
    case .filterMatchesNothing: return serve(request) { $0.filterMatchesNothing = true }
    case .indexHolds(let count): return serve(request) { $0.indexHolds = count }
    case .deletes(let ids):
      update { catalogue in
        for id in ids { catalogue.delete(id) }
      }
      return serve(request)
    case .puts(let records):
      do {
        try update { catalogue in
          for record in records { try catalogue.put(record) }
        }
        return serve(request)
      } catch {
        return .json(500, .string("the fault script puts what is no record: \(error)"))
      }
    case .silence, .hangsUp, .cut, .cutChunk, .badChunk, .cutWithoutLength, .surplus, .stalls,
      .resets, .drips, .plainCalledGzip, .cutGzip, .gzipBomb, .endless, .hugeHeader, .notHTTP:
      return serve(request)
    }
  }

  private func serve(_ request: Request, _ change: (inout Settings) -> Void) -> Answer {
    var settings = settings
    change(&settings)
    return serve(request, as: settings)
  }
}
