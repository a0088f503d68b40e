import Foundation
import Testing

extension CommandLineTests {
  @Suite("On a terminal", .enabled(if: Tool.script.isThere))
  struct Terminal {
    @Test("a bar is drawn, and nothing is ever colored")
    func bar() async throws {
      let bench = try Workbench()
      let shown = try await Self.harvest(on: bench, ["TERM": "xterm-256color"])

      #expect(shown.contains("\r\u{1B}[K"))
      #expect(shown.firstMatch(of: /\x1B\[[0-9;]*m/) == nil)
      #expect(shown.contains("run 1 full complete datasets=303 "))
    }

    @Test(
      "that can do little, or for a reader who wants no color, no escape is sent that they cannot use",
      arguments: [["TERM": "dumb"], ["TERM": "xterm", "NO_COLOR": "1"]])
    func plain(environment: [String: String]) async throws {
      let shown = try await Self.harvest(on: try Workbench(), environment)

      #expect(shown.firstMatch(of: /\x1B\[[0-9;]*m/) == nil)
      if environment["TERM"] == "dumb" { #expect(!shown.contains("\u{1B}")) }
    }

    /// What a terminal of `script` showed.
    private static func harvest(
      on bench: Workbench, _ environment: [String: String]
    ) async throws -> String {
      let ended = try await bench.shell(
        #"script -qec '"$donl_mirror" harvest --sample --rows 20' /dev/null"#,
        environment: environment)
      #expect(ended.code == 0)
      return ended.output
    }
  }

  @Suite("Anywhere")
  struct Anywhere {
    @Test("the help of every command is cut without a fuss by a reader that leaves early")
    func closedPipe() async throws {
      let bench = try Workbench()
      for command in try await Manual.commands(on: bench) {
        let line = command.joined(separator: " ")
        let ended = try await bench.shell(
          #"{ { "$donl_mirror" \#(line) --help; echo $? >code; } | true; } && cat code"#)

        #expect(ended.output == "0\n", "\(line)")
        #expect(ended.errors.isEmpty, "\(line)")
      }
    }

    @Test("a run whose reader has left, and whose log nobody reads, comes to its end all the same")
    func unheard() async throws {
      let bench = try Workbench()
      let ended = try await bench.shell(
        #"{ { "$donl_mirror" harvest --sample; echo $? >code; } 2>&1 | true; } && cat code"#)

      #expect(ended.output == "0\n")
      #expect(try bench.rows("SELECT outcome FROM runs", of: "sample.db") == ["\"complete\""])
    }

    @Test(
      "the language of the machine changes no byte of what is said",
      arguments: ["show alle-velden", "search coordinaten", "status", "config show", "--help"])
    func language(command: String) async throws {
      let bench = try Workbench()
      _ = try await bench.run("harvest", "--sample", "--db", "donl-mirror.db")
      let said = try await ["C", "C.UTF-8", "nl_NL"].asyncMap { language in
        try await bench.shell(
          #""$donl_mirror" \#(command)"#, environment: ["LANG": language, "LC_ALL": language]
        ).output
      }

      #expect(!said[0].isEmpty)
      #expect(Set(said).count == 1)
    }
  }
}

extension Array {
  fileprivate func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
    var mapped: [T] = []
    for element in self { mapped.append(try await transform(element)) }
    return mapped
  }
}
