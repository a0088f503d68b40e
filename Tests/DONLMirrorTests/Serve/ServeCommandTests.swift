import Foundation
import Testing

extension CommandLineTests {
  @Suite("serve")
  struct ServeCommandTests {
    @Test(
      "says where it listens, and ends with SIGTERM", arguments: ["127.0.0.1:0", "unix:s.sock"])
    func life(address: String) async throws {
      let bench = try await Workbench.withMirror()
      let told = try await bench.shell(
        """
        mkfifo said
        $donl_mirror serve --db mirror.db --listen \(address) >said 2>log & pid=$!
        read -r line <said; echo "$line"
        kill -TERM $pid; wait $pid; echo "code $?"
        """)
      let place = address.hasPrefix("unix:") ? "s.sock" : "http://127.0.0.1:"
      #expect(told.outputLines.first?.hasPrefix("serving mirror.db on \(place)") == true)
      #expect(told.outputLines.last == "code 143")
    }

    @Test(
      "says what is wrong with an address",
      arguments: [
        ("127.0.0.1", 64, "--listen takes"), ("127.0.0.1:70000", 64, "--listen takes"),
        ("unix:", 64, "--listen takes"), ("nosuch.invalid:8000", 73, "cannot be listened on"),
        ("192.0.2.1:8000", 73, "cannot be listened on"),
        ("unix:no/x.sock", 73, "cannot be listened"),
        ("unix:notes.txt", 73, "left as it is"),
        ("unix:" + String(repeating: "x", count: 200), 73, "cannot be listened on"),
      ])
    func addresses(address: String, code: Int32, words: String) async throws {
      let bench = try await Workbench.withMirror()
      try bench.write("mine", to: "notes.txt")
      let ended = try await bench.run("serve", "--db", "mirror.db", "--listen", address)
      #expect(ended.code == code, "\(ended.errors)")
      #expect(ended.errors.contains(words), "\(ended.errors)")
      #expect(bench.bytes("notes.txt") == Data("mine".utf8))
    }

    @Test("says what is wrong with a file")
    func files() async throws {
      let bench = try Workbench()
      try bench.write("no database", to: "notes.txt")
      #expect(try await bench.run("serve", "--db", "none.db").code == 66)
      #expect(try await bench.run("serve", "--db", "notes.txt").code == 65)
      #expect(try await bench.run("serve", "--db", ".").code == 66)
      #expect(try await bench.run("serve", "--base-url", "ftp://x").code == 64)
    }
  }
}
