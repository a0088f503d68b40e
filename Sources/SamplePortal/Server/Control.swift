import NIOCore

extension SamplePortal {
  /// Switches to another catalogue on behalf of another process: `{"data": "/a/file.jsonl.gz"}` or
  /// `{"day": 2}`. The portal listens on loopback only, so only this machine can ask.
  func control(_ request: Request) -> Answer {
    guard request.method == "POST", !request.jsonBodyIsBad else {
      return .json(400, ["error": "POST a JSON object with \"data\" or \"day\""])
    }
    do {
      let catalogue: Catalogue
      if let path = request["data"] {
        catalogue = try Catalogue(contentsOf: path)
      } else if let day = request["day"].flatMap({ Int($0) }), Catalogue.sampleDays.contains(day) {
        catalogue = .sample(day: day)
      } else {
        return .json(400, ["error": "\"data\" must name a file, or \"day\" be 1 or 2"])
      }
      publish(catalogue)
      return .json(200, ["datasets": .int(catalogue.count)])
    } catch {
      return .json(400, ["error": .string("\(error)")])
    }
  }
}
