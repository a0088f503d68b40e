import ArgumentParser
import DONLMirror
import Foundation
import Logging

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the mirror: CKAN's read API with another base URL, and pages for people.",
    discussion: """
      Reads the published copy when publish.path is set, else the database; a harvest is never held \
      up, and what it brings is served at once. Read-only, without accounts and without TLS: put a \
      proxy in front where others shall reach it.

      Example:
        donl-mirror serve --db sample.db
        donl-mirror serve --listen 127.0.0.1:8080
        ckanapi action package_search q=water -r http://127.0.0.1:8000
        curl 'http://127.0.0.1:8000/changes?since=0&limit=10'

      Under systemd a socket unit may hand the socket over; then --listen is not looked at.
      """)

  @OptionGroup var common: CommonOptions

  @Option(
    help: ArgumentHelp(
      "HOST:PORT, or unix:PATH for a socket in the file system.", valueName: "address"))
  var listen = "127.0.0.1:8000"

  @Option(
    help: ArgumentHelp(
      "A name under which a server on loopback may be asked, besides localhost; can be repeated.",
      valueName: "name"))
  var allowHost: [String] = []

  @Option(
    help: ArgumentHelp(
      "What addresses of this site begin with, where a proxy has another name.", valueName: "url"))
  var baseURL: String?

  func validate() throws {
    guard Self.address(listen) != nil else {
      throw ValidationError("--listen takes HOST:PORT or unix:PATH, not \(listen).")
    }
    guard baseURL.map({ $0.hasPrefix("http://") || $0.hasPrefix("https://") }) ?? true else {
      throw ValidationError("--base-url begins with http:// or https://.")
    }
  }

  func run() async throws {
    let settings = try common.load().settings
    let environment = ProcessInfo.processInfo.environment
    let manager = ServiceManager(environment: environment)
    guard let address = ListeningSocket.inherited(environment) ?? Self.address(listen) else {
      throw ExitCode.validationFailure
    }
    var options = SiteOptions(
      path: settings.publish.path ?? settings.database.path, address: address,
      health: { HealthCheck(settings).run() })
    options.allowedHosts = Set(allowHost.map { $0.lowercased() })
    options.baseURL = baseURL
    let logger = Logger(label: "donl-mirror") { [log = settings.log] _ in ConsoleLog(log) }
    let (path, listen) = (options.path, listen)
    try await Interruption.cancelling { [options] status in
      do {
        try await SiteServer(options, logger: logger).run { port in
          logger.notice("serving", metadata: ["file": "\(path)"])
          let place = port.map { "http://\(Self.host(of: listen)):\($0)/" } ?? "\(options.address)"
          Console.standardOutput.write("serving \(path) on \(place)\n")
          manager.tell(.ready, .status("serving \(path)"))
        }
      } catch is CancellationError {
        // A signal: that is how a server ends.
      }
      throw ExitCode(status().rawValue)
    }
  }

  private static func host(of listen: String) -> Substring {
    listen.lastIndex(of: ":").map { listen[..<$0] } ?? listen[...]
  }

  private static func address(_ text: String) -> SiteOptions.Address? {
    if text.hasPrefix("unix:") {
      return text.count > 5 ? .unixSocket(String(text.dropFirst(5))) : nil
    }
    guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
      let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
    else { return nil }
    let host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    return .host(String(isBracketed ? host.dropFirst().dropLast() : host), port: port)
  }
}

/// What a service manager hands over (sd_listen_fds(3)).
enum ListeningSocket {
  private static let first: Int32 = 3

  /// - Parameter environment: of the process: `LISTEN_PID` and `LISTEN_FDS`.
  static func inherited(_ environment: [String: String]) -> SiteOptions.Address? {
    guard environment["LISTEN_PID"] == "\(getpid())",
      let count = environment["LISTEN_FDS"].flatMap({ Int($0) }), count > 0
    else { return nil }
    return .inherited(first)
  }
}
