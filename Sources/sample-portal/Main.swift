import ArgumentParser
import Foundation
import SamplePortal
import UnixSignals

/// Serves a catalogue as a CKAN portal would.
@main
struct Main: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample-portal",
    abstract: "A small CKAN portal on loopback, to harvest without a network.",
    discussion: """
      Serves the shipped sample catalogue, or any JSON Lines file of dataset records (one object \
      a line, plain or gzip), until it is interrupted.

      EXAMPLE
        sample-portal --data 2015-04-11.jsonl.gz --port 8480 &
        donl-mirror harvest --portal http://127.0.0.1:8480/data --db 2015.db
        curl -d '{"data": "2015-04-17.jsonl.gz"}' \\
          http://127.0.0.1:8480/_control/publish
        donl-mirror harvest --portal http://127.0.0.1:8480/data --db 2015.db

      The curl command switches to another file while the portal runs; {"day": 2} switches to \
      the second day of the sample. SIGHUP reads the file of --data again.

      What goes wrong is a JSON script, read from --faults or sent to /_control/faults. This one \
      fails every third answer, and cuts the page at offset 500 short:
        {"rules": [
          {"when": {"every": 3}, "fault": {"answers": {"status": 503}}},
          {"when": {"action": "package_search", "start": 500}, "fault": {"cut": {"after": 900}}}]}

      EXIT CODES
        0 stopped by a signal, 64 usage, 65 the file holds no records or no faults, 66 it cannot \
      be read, 73 the port is taken
      """)

  @Option(help: "JSON Lines file of records, plain or gzip. Default: the shipped sample.")
  var data: String?

  @Option(
    help:
      "Folder of value lists (*.json), published below /waardelijsten. Default: those of the sample, with --data none."
  )
  var lists: String?

  @Option(help: "Day of the shipped sample: 1, or 2 for the day after.")
  var day = 1

  @Option(help: "Port to listen on; 0 takes any free one.")
  var port = 8480

  @Option(help: "Silent cap on the rows of an answer.")
  var rowsCap = 1_000

  @Option(help: "JSON file with a script of what goes wrong.")
  var faults: String?

  @Flag(inversion: .prefixedNo, help: "Pack answers for clients that accept gzip.")
  var gzip = true

  func validate() throws {
    guard Catalogue.sampleDays.contains(day) else {
      throw ValidationError("--day is 1 or 2")
    }
    guard (0...65_535).contains(port) else { throw ValidationError("--port is 0 to 65535") }
    guard rowsCap > 0 else { throw ValidationError("--rows-cap is at least 1") }
  }

  func run() async throws {
    var settings = SamplePortal.Settings()
    settings.rowsCap = rowsCap
    settings.packsAnswers = gzip
    settings.offersControl = true
    let catalogue = try load()
    let script = try loadFaults()
    // Caught from here on, so that a signal right after the announcement is not lost.
    let signals = await UnixSignalsSequence(trapping: .sighup, .sigint, .sigterm)
    do {
      try await SamplePortal.run(catalogue, port: port, settings: settings) { portal in
        portal.fail(script)
        announce(portal.url)
        for await signal in signals {
          guard signal == .sighup else { return }
          reload(portal)
        }
      }
    } catch {
      // Nothing else can fail once the catalogue is there.
      say("cannot listen on port \(port): \(error)")
      throw ExitCode(73)
    }
  }

  private func load() throws -> Catalogue {
    var catalogue = try loadRecords()
    guard let lists else { return catalogue }
    do {
      try catalogue.publishLists(in: lists)
    } catch let error as CatalogueError {
      say("\(error)")
      throw ExitCode(66)
    }
    return catalogue
  }

  private func loadRecords() throws -> Catalogue {
    guard let data else { return .sample(day: day) }
    do {
      return try Catalogue(contentsOf: data)
    } catch let error as CatalogueError {
      say(error.isUnreadable ? "\(error)" : "\(data): \(error)")
      throw ExitCode(error.isUnreadable ? 66 : 65)
    }
  }

  private func loadFaults() throws -> SamplePortal.FaultScript {
    guard let faults else { return SamplePortal.FaultScript() }
    do {
      return try SamplePortal.FaultScript(contentsOf: faults)
    } catch let error as CatalogueError {
      say("\(error)")
      throw ExitCode(66)
    } catch {
      say("\(faults) is no script of faults: \(error)")
      throw ExitCode(65)
    }
  }

  /// A file that cannot be read now leaves the catalogue as it is.
  private func reload(_ portal: SamplePortal) {
    guard let catalogue = try? load() else { return }
    portal.publish(catalogue)
    say("read again: \(catalogue.count) datasets")
  }

  /// One line on standard output, unbuffered: scripts wait for it.
  private func announce(_ url: String) {
    FileHandle.standardOutput.write(Data("listening on \(url)\n".utf8))
  }

  private func say(_ line: String) {
    FileHandle.standardError.write(Data("sample-portal: \(line)\n".utf8))
  }
}
