import Foundation
import Logging

/// Every setting with its type; the initial values are the defaults (docs/contract.md, "Configuration").
///
/// What each one means is said once, in `Setting.all`. `Settings.load` is the way to get them.
public struct Settings: Sendable, Equatable {
  public var portal = Portal()
  public var database = Database()
  public var publish = Publish()
  public var schedule = Schedule()
  public var deletions = Deletions()
  public var history = History()
  public var lists = Lists()
  public var metrics = Metrics()
  public var health = Health()
  public var ping = Ping()
  public var log = Log()

  public init() {}

  public struct Portal: Sendable, Equatable {
    /// `http` or `https`, with a host, without user, query or fragment; never ends in `/`.
    public var url = "https://data.overheid.nl/data"
    public var rows = 250
    public var requestsInFlight = 1
    public var pause = Duration.zero
    /// How long a connection may be silent.
    public var timeout = Duration.seconds(60)
    public var connectTimeout = Duration.seconds(15)
    public var runDeadline = Duration.seconds(2 * 3600)
    public var retries = 5
    public var skipLimit = 10
    /// Of the decoded body.
    public var maxPageBytes = 64 << 20
    /// `http://[user:password@]host[:port]`; nil leaves `HTTPS_PROXY` and `NO_PROXY` to decide.
    public var proxy: String?
    public var tokenFile: String?
    /// The name of the header that the token travels in.
    public var tokenHeader = "Authorization"
    /// In lower case and in ASCII, each perhaps with a port.
    public var allowRedirectHosts: [String] = []
    /// Printable ASCII: it travels in a header.
    public var contact: String?
    /// Keys of records whose values say nothing of the dataset, such as counters of visits.
    public var churnKeys: [String] = []
  }

  public struct Database: Sendable, Equatable {
    /// Relative to the working directory.
    public var path = "./donl-mirror.db"
  }

  public struct Publish: Sendable, Equatable {
    public var path: String?
    public var keep = 3
  }

  public struct Schedule: Sendable, Equatable {
    public var every = Duration.seconds(3600)
    public var fullEvery = Duration.seconds(7 * 86400)
    public var censusEvery = Duration.seconds(24 * 3600)
    public var overlap = Duration.seconds(3600)
  }

  public struct Deletions: Sendable, Equatable {
    /// 0 to 100.
    public var limitPercent = 5.0
    public var limitCount = 50
  }

  public struct History: Sendable, Equatable {
    /// How long the feed remembers what was before a change; nil: for ever.
    public var keep: Duration?
  }

  public struct Lists: Sendable, Equatable {
    /// Nil leaves it to the portal: data.overheid.nl has lists, others have none.
    public var url: String?
    public var every = Duration.seconds(24 * 3600)
  }

  public struct Metrics: Sendable, Equatable {
    public var textfile: String?
  }

  public struct Health: Sendable, Equatable {
    public var maxAge = Duration.seconds(26 * 3600)
  }

  public struct Ping: Sendable, Equatable {
    /// Whoever knows it can report in our name.
    public var url: String?
  }

  public struct Log: Sendable, Equatable {
    public var level = Logger.Level.info
    public var format = LogFormat.auto
  }
}

extension Setting {
  /// Every setting, in the order of `config/config.yaml`. Parsing, checking, `config show`, the
  /// nearest key and the test of that file all read this table.
  static let all: [Setting] = portal + storage + schedule + around

  private static let anyTime = SettingKind<Duration>.duration(atLeast: .zero)
  private static let someTime = SettingKind<Duration>.duration(atLeast: .milliseconds(1))
  private static let interval = SettingKind<Duration>.duration(atLeast: .seconds(60))

  private static let portal: [Setting] = [
    Setting(
      "portal.url", \.portal.url, .baseURL,
      "The portal: its site base, or the full address up to /action."),
    Setting(
      "portal.rows", \.portal.rows, .integer(1...100_000),
      "Datasets asked for in one request; a portal may send fewer."),
    Setting(
      "portal.requests-in-flight", \.portal.requestsInFlight, .integer(1...10),
      "Requests under way at the same time; one is polite."),
    Setting(
      "portal.pause", \.portal.pause, anyTime,
      "Rest between two requests."),
    Setting(
      "portal.timeout", \.portal.timeout, someTime,
      "How long the portal may be silent during an answer."),
    Setting(
      "portal.connect-timeout", \.portal.connectTimeout, someTime,
      "How long a connection may take to come about."),
    Setting(
      "portal.run-deadline", \.portal.runDeadline, someTime,
      "How long a run may take; what it has stored by then stays."),
    Setting(
      "portal.retries", \.portal.retries, .integer(0...100),
      "How often a request that failed for a passing reason is repeated."),
    Setting(
      "portal.skip-limit", \.portal.skipLimit, .integer(0...1000),
      "Records that a run may step over because the portal cannot serve them."),
    Setting(
      "portal.max-page-bytes", \.portal.maxPageBytes, .size((1 << 10)...(1 << 30)),
      "The largest answer that is read, after decompression."),
    Setting(
      "portal.proxy", \.portal.proxy, .optional(.proxy),
      "Proxy for all requests; empty leaves it to HTTPS_PROXY and NO_PROXY.", secret: .password),
    Setting(
      "portal.token-file", \.portal.tokenFile, .optional(.path),
      "File that holds an API token; empty for none, which suffices for public data."),
    Setting(
      "portal.token-header", \.portal.tokenHeader, .headerName,
      "Header that carries the token; gateways may want X-Api-Key."),
    Setting(
      "portal.allow-redirect-hosts", \.portal.allowRedirectHosts, .hosts,
      "Other hosts to which the portal may redirect, as a list."),
    Setting(
      "portal.contact", \.portal.contact, .optional(.headerText),
      "Mail address or web page of yours, told to the portal in the User-Agent."),
    Setting(
      "portal.churn-keys", \.portal.churnKeys, .recordKeys,
      "Keys of records that change without meaning at this portal, such as counters."),
  ]

  private static let storage: [Setting] = [
    Setting(
      "database.path", \.database.path, .path,
      "The SQLite file; a relative path starts at the working directory."),
    Setting(
      "publish.path", \.publish.path, .optional(.path),
      "Where the read-only copy is published; empty for nowhere."),
    Setting(
      "publish.keep", \.publish.keep, .integer(1...1000),
      "Published copies that are kept."),
  ]

  private static let schedule: [Setting] = [
    Setting(
      "schedule.every", \.schedule.every, interval,
      "Time between two runs of the daemon."),
    Setting(
      "schedule.full-every", \.schedule.fullEvery, interval,
      "A full harvest is due this long after the last complete one."),
    Setting(
      "schedule.census-every", \.schedule.censusEvery, interval,
      "A census is due this long after the last complete one."),
    Setting(
      "schedule.overlap", \.schedule.overlap, anyTime,
      "How far before the checkpoint an incremental harvest begins."),
    Setting(
      "deletions.limit-percent", \.deletions.limitPercent, .percent,
      "Deletions are held when they pass this share of the catalogue and limit-count."),
    Setting(
      "deletions.limit-count", \.deletions.limitCount, .integer(0...1_000_000_000),
      "Deletions are held when they pass this number and limit-percent."),
  ]

  private static let around: [Setting] = [
    Setting(
      "history.keep", \.history.keep, .durationOrForever(atLeast: .seconds(86400)),
      "How long the feed remembers what was before a change."),
    Setting(
      "lists.url", \.lists.url, .optional(.baseURL),
      "Where the value lists are published; empty leaves that to the portal."),
    Setting(
      "lists.every", \.lists.every, interval,
      "Time between two readings of the value lists."),
    Setting(
      "metrics.textfile", \.metrics.textfile, .optional(.path),
      "File for the textfile collector of the Prometheus node exporter; empty for none."),
    Setting(
      "health.max-age", \.health.maxAge, someTime,
      "The mirror is unhealthy when the last complete run is older."),
    Setting(
      "ping.url", \.ping.url, .optional(.url),
      "Address that is called when a run begins and when it ended; empty for none.",
      secret: .everythingAfterHost),
    Setting(
      "log.level", \.log.level, .oneOf,
      "The least important lines that are still logged."),
    Setting(
      "log.format", \.log.format, .oneOf,
      "How lines look on stderr: auto is journal under systemd, else text."),
  ]
}

/// How log lines look on stderr.
public enum LogFormat: String, Sendable, CaseIterable {
  /// `journal` when stderr is the journal, else `text`.
  case auto
  /// A time and a level before each line.
  case text
  /// The journal's `<4>` priorities before each line, no time.
  case journal
  /// One JSON object per line.
  case json
}

/// A mistake in the configuration (exit code 78): one sentence that names the place, what stands
/// there, and what is accepted. Secrets do not appear in it.
public struct SettingsError: Error, Equatable, CustomStringConvertible {
  public let message: String

  public var description: String { message }

  init(_ message: String) {
    self.message = message
  }
}
