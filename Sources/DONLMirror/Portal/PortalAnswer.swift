import Foundation

/// Sorts the answers of CKAN, and of what stands in front of it, into results and errors.
///
/// CKAN's errors are irregular (docs/portal.md, "Errors"): a bare JSON string with 400, a Validation Error
/// without message, 409 for every failure of Solr, messages in the portal's language. So the status
/// and `__type` decide, never the text.
enum PortalAnswer {
  /// The JSON ends before it is complete.
  struct Incomplete: Error {}

  /// Lets through a 200 whose body is an object with `"success": true` that ends as an object does.
  ///
  /// Whether the JSON between is whole is the reader's to say: see `unreadable`.
  static func check(_ response: PortalResponse, now: Date) throws(PortalError) {
    guard response.status == 200 || response.status == 204 else {
      throw error(status: response, now: now)
    }
    let body = response.body
    guard let first = body.firstIndex(where: { !Envelope.isSpace($0) }) else {
      throw PortalError(
        reason: .empty, nature: .notCKAN,
        message: "The portal answered with status \(response.status) and nothing else.",
        status: response.status)
    }
    guard Envelope.begins(body) else {
      let what = body[first] == UInt8(ascii: "<") ? "a web page" : "something else"
      throw PortalError(
        reason: .notJSON, nature: .notCKAN,
        message: "The portal answered with \(what) instead of CKAN's JSON; is portal.url right, "
          + "or is the portal under maintenance?",
        status: 200, excerpt: response.excerpt)
    }
    guard body.last(where: { !Envelope.isSpace($0) }) == UInt8(ascii: "}") else {
      throw truncatedJSON(response)
    }
    switch Envelope.success(in: body) {
    case true: return
    case false: throw error(ckan: response)
    case nil:
      guard Envelope.isWhole(body) else { throw truncatedJSON(response) }
      throw PortalError(
        reason: .notCKAN, nature: .notCKAN,
        message: "The portal answered with JSON that is not CKAN's envelope; is portal.url right?",
        status: 200, excerpt: response.excerpt)
    }
  }

  /// A 200 in CKAN's envelope whose content `error` could not be read from.
  static func unreadable(_ response: PortalResponse, _ error: any Error) -> PortalError {
    guard Envelope.isWhole(response.body) else { return truncatedJSON(response) }
    return PortalError(
      reason: .notJSON, nature: .notCKAN,
      message: "The portal's answer cannot be read: \(Excerpt.escape(String(describing: error)))",
      status: response.status, excerpt: response.excerpt)
  }

  /// The envelope was CKAN's, but the result has not the shape of this action.
  static func wrongShape(_ response: PortalResponse) -> PortalError {
    PortalError(
      reason: .notCKAN, nature: .notCKAN,
      message: "The portal's answer has not the shape that CKAN gives it.",
      status: response.status, excerpt: response.excerpt)
  }

  private static func truncatedJSON(_ response: PortalResponse) -> PortalError {
    PortalError(
      reason: .truncatedJSON, nature: .temporary,
      message:
        "The portal's answer broke off after \(counted(response.body.count, "byte")); try again later.",
      status: response.status)
  }

  /// What follows from a status that is no success.
  static func error(status response: PortalResponse, now: Date) -> PortalError {
    let status = response.status
    let isCKAN = Envelope.success(in: response.body) == false
    var error = PortalError(
      reason: .http(status), nature: .temporary, message: "", status: status,
      type: type(in: response.body), excerpt: response.excerpt)
    // The portal's own clock, if it shows one: ours may be wrong.
    let then = response.date ?? now
    error.retryAfter = response.headers["retry-after"]
      .flatMap { RetryAfter($0, now: then) }?.wait(from: then)
    switch status {
    case 401, 403:
      error.nature = .refused
      error.message = "The portal refuses access (HTTP \(status)); does it want a token or contact?"
    case 404, 410:
      error.nature = .refused
      error.message = "The portal has nothing at this address (HTTP \(status)); wrong portal.url?"
    case 407:
      error.reason = .proxy
      error.nature = .refused
      error.message = "The proxy wants a name and password (HTTP 407); see portal.proxy."
    case 400 where isCKAN, 409 where isCKAN:
      return Self.error(ckan: response)
    case 429:
      error.reason = .throttled
      error.message = "The portal asks for fewer requests (HTTP 429); raise portal.pause."
    case 408, 423, 425, 500...:
      error.message = "The portal is in trouble (HTTP \(status)); try again later."
    default:
      error.nature = .notCKAN
      error.message =
        "The portal answered with HTTP \(status), which CKAN's API does not use here; "
        + "is portal.url right?"
    }
    return error
  }

  /// `success: false`, with whatever status.
  private static func error(ckan response: PortalResponse) -> PortalError {
    let type = type(in: response.body)
    // Old CKAN reports a Solr that is down as a Search Error with 409, like a query in error;
    // our queries are well-formed, so it is the portal's trouble.
    let natures: [String: PortalError.Nature] = [
      "Search Error": .temporary, "Search Connection Error": .temporary,
      "Search Index Error": .temporary, "Internal Server Error": .temporary,
      "Authorization Error": .refused, "Not Found Error": .refused,
    ]
    let nature = type.flatMap { natures[$0] } ?? .notCKAN
    let name = type.map { Excerpt.escape($0) } ?? "an error without a type"
    return PortalError(
      reason: .ckanError, nature: nature,
      message: "CKAN answered with \(name) (HTTP \(response.status))"
        + (nature == .temporary ? "; try again later." : "."),
      status: response.status, type: type,
      excerpt: response.excerpt(of: errorBytes(in: response.body)))
  }

  /// `error.__type` of CKAN's envelope; nil when the body is anything else, or not whole.
  private static func type(in body: [UInt8]) -> String? {
    guard Envelope.success(in: body) == false, Envelope.isWhole(body) else { return nil }
    var reader = JSONReader()
    let type = try? reader.read(errorBytes(in: body)) { error -> String? in
      guard let type = error.member("__type", of: error.root), error.kind(type) == .string else {
        return nil
      }
      return error.text(type)
    }
    return type ?? nil
  }

  private static func errorBytes(in body: [UInt8]) -> ArraySlice<UInt8> {
    Envelope.value(of: "error", in: body).map { body[$0] } ?? body[...]
  }
}
