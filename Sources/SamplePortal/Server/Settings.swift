import CKANServer
import Foundation

extension SamplePortal {
  /// How the portal behaves, apart from what it holds.
  public struct Settings: Sendable {
    /// The silent cap on `rows`, 1000 in CKAN 2.8.
    public var rowsCap = 1_000
    /// Packs answers for clients that ask for it, as a proxy in front of CKAN does.
    public var packsAnswers = true
    /// What `status_show` says.
    public var ckanVersion = "2.8.12"
    /// A portal that does not honour `sort`: records come in index order.
    public var ignoresSort = false
    /// A portal that does not honour `fq`: everything matches.
    public var ignoresFilter = false
    /// A portal on which no record matches any `fq`.
    public var filterMatchesNothing = false
    /// Search finds only the first so many datasets, as it does while the index is rebuilt.
    public var indexHolds: Int?
    /// The greatest offset that is honored: what begins later is served from here. 0 ignores `start`.
    public var startMax = Int.max
    /// A portal that does not know `fl`: whole records come instead of slim rows.
    public var ignoresFields = false
    /// Records that search finds before the one of the same id.
    public var twins: [String: String] = [:]
    /// Sends the `Date` header.
    public var showsDate = true
    /// Offers `POST /_control/publish` and `/_control/faults`, with which another process changes
    /// the catalogue and what goes wrong.
    public var offersControl = false
    /// The portal's clock: the `Date` header, and `NOW` in a filter.
    public var now: @Sendable () -> Date = { Date() }

    public init() {}

    var solrNow: SolrDate { SolrDate(now()) }
  }
}
