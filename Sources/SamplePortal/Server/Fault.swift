import CKANServer

extension SamplePortal {
  /// One thing that goes wrong with one request. As JSON, an object with one key:
  /// `{"reset": {"after": 700}}`, `{"ignoresSort": {}}`.
  ///
  /// `after` counts bytes of the body, before compression.
  public enum Fault: Sendable, Equatable, Codable {
    // Another answer than the catalogue's.

    /// This status, these headers, this body.
    case answers(status: Int, headers: [String: String]?, body: String?)
    /// CKAN's envelope with `success: false` and this `__type`.
    case refuses(status: Int, type: String)
    /// A redirect to the same action and query below another base.
    case redirects(base: String)
    /// The answer that was given to the last request for this action: a cache gone stale.
    case repeatsPrevious
    /// 500 for every answer with a record of this id in it, whatever the size of the page.
    case chokesOn(id: String)

    // The catalogue's answer, from a portal that behaves otherwise.

    case rowsCap(Int)
    case ignoresSort
    case ignoresFilter
    case filterMatchesNothing
    /// Search finds only the first so many datasets: the index is being rebuilt.
    case indexHolds(datasets: Int)

    // The catalogue's answer, after the catalogue has moved.

    /// Deletes as `package_delete` does, before it answers.
    case deletes(ids: [String])
    /// Inserts or replaces records, before it answers.
    case puts(records: [String])

    // The catalogue's answer, damaged on its way.

    /// Takes the request and never answers.
    case silence
    case hangsUp
    /// Full length announced, then closed.
    case cut(after: Int)
    case cutChunk(after: Int)
    case badChunk(after: Int)
    /// No length announced, then closed.
    case cutWithoutLength(after: Int)
    /// More bytes than announced.
    case surplus(String)
    case stalls(after: Int)
    case resets(after: Int)
    /// One byte at a time.
    case drips(everyMilliseconds: Int)
    /// Called gzip, and plain.
    case plainCalledGzip
    /// gzip without its last bytes, and a length that fits: whole to HTTP.
    case cutGzip(dropping: Int)
    case gzipBomb(bytes: Int)
    case endless
    case hugeHeader(bytes: Int)
    case notHTTP
  }
}
