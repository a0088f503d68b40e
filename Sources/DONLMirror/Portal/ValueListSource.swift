import Foundation

/// What asking for a value list brought.
enum ListAnswer: Sendable, Equatable {
  /// The server says that the content is still the one with these validators.
  case unchanged
  case content([Concept], ListValidators)
}

extension Portal {
  /// Of a request for a list: what is not mended by then can wait for the next run.
  private static let listRetries = 2

  /// Reads a value list, or learns that it has not changed.
  ///
  /// - Parameter validators: of the content that we have; nil asks for the whole.
  /// - Throws: why there is none; a list that cannot be read to its end is an error too.
  func valueList(
    _ list: ValueList, unlessStill validators: ListValidators?
  ) async throws(PortalError) -> ListAnswer {
    var conditions: [String: String] = [:]
    conditions["If-None-Match"] = validators?.etag
    conditions["If-Modified-Since"] = validators?.lastModified
    let isConditional = !conditions.isEmpty
    return try await get(
      list.url, headers: conditions, called: list.name,
      retries: min(settings.retries, Self.listRetries)
    ) { response in
      if response.status == 304, isConditional { return .unchanged }
      return try Self.content(of: response, from: list.url, now: clock.now())
    }
  }

  private static func content(
    of response: PortalResponse, from url: String, now: Date
  ) throws(PortalError) -> ListAnswer {
    guard response.status == 200 else {
      var error = PortalAnswer.error(status: response, now: now)
      error.message = "\(url) answered with HTTP \(response.status)."
      error.excerpt = nil
      throw error
    }
    do {
      return .content(
        try ValueListReader.concepts(in: response.body),
        ListValidators(
          etag: response.headers["etag"], lastModified: response.headers["last-modified"]))
    } catch {
      throw unusable(response, from: url, error)
    }
  }

  private static func unusable(
    _ response: PortalResponse, from url: String, _ fault: ValueListReader.Fault
  ) -> PortalError {
    var error = PortalError(
      reason: .notAList, nature: .notCKAN, message: "\(url) is no value list: it \(fault.what)",
      status: 200, excerpt: response.excerpt)
    guard fault.reason == .badJSON else { return error }
    error.reason = .notJSON
    // The publisher writes its files in place: half of one is whole a moment later.
    let begins = response.body.first { !Envelope.isSpace($0) }
    let ends = response.body.last { !Envelope.isSpace($0) }
    let isHalf =
      begins == .openBrace && ends != .closeBrace
      || begins == .openBracket && ends != .closeBracket
    if isHalf || begins == nil {
      error.reason = begins == nil ? .empty : .truncatedJSON
      error.nature = .temporary
    }
    return error
  }
}
