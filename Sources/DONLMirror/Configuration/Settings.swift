import Logging

/// Every setting with its type; the initial values are the defaults (CONTRACT, "Configuration").
///
/// What each one means is said once, in `Setting.all`. `Settings.load` is the way to get them.
public struct Settings: Sendable, Equatable {
  public var portal = Portal()
  public var database = Database()
  public var publish = Publish()
  public var schedule = Schedule()
  public var deletions = Deletions()
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

/// How log lines look on stderr.
public enum LogFormat: String, Sendable, CaseIterable {
  /// `journal` when stderr is the journal, else `text`.
  case auto
  /// A time and a level before each line.
  case text
  /// The journal's `<4>` priorities before each line, no time.
  case journal
  /// One JSON object a line.
  case json
}
