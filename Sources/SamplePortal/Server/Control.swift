import CKANServer
import Foundation
import NIOCore

extension SamplePortal {
  /// Does what another process asks; nil if the request is about something else. The portal listens
  /// on loopback only, so only this machine can ask.
  ///
  ///     POST /_control/publish  {"data": "/a/file.jsonl.gz"} or {"day": 2}
  ///     POST /_control/faults   a FaultScript; {"rules": []} ends all faults
  func control(_ request: Request) -> Answer? {
    switch request.path {
    case "/_control/publish": switchCatalogue(request)
    case "/_control/faults": switchFaults(request)
    default: nil
    }
  }

  private func switchFaults(_ request: Request) -> Answer {
    do {
      let script = try JSONDecoder().decode(
        FaultScript.self, from: Data(request.body.readableBytesView))
      fail(script)
      return .json(200, ["rules": .int(script.rules.count)])
    } catch {
      return .json(400, ["error": .string("POST a fault script: \(error)")])
    }
  }

  private func switchCatalogue(_ request: Request) -> Answer {
    guard request.method == "POST", !request.jsonBodyIsBad else {
      return .json(400, ["error": "POST a JSON object with \"data\" or \"day\""])
    }
    do {
      var catalogue: Catalogue
      if let path = request["data"] {
        catalogue = try Catalogue(contentsOf: path)
      } else if let day = request["day"].flatMap({ Int($0) }), Catalogue.sampleDays.contains(day) {
        catalogue = .sample(day: day)
      } else {
        return .json(400, ["error": "\"data\" must name a file, or \"day\" be 1 or 2"])
      }
      // A file holds records alone: the lists stay as they are.
      if catalogue.valueLists.isEmpty { catalogue.valueLists = self.catalogue.valueLists }
      publish(catalogue)
      return .json(200, ["datasets": .int(catalogue.count)])
    } catch {
      return .json(400, ["error": .string("\(error)")])
    }
  }
}
