import Foundation
import Testing

extension FieldCommandTests {
  /// `Scripts/fault-table`, D5: a few lines of configuration that stand for gigabytes.
  @Suite("YAML in the field")
  struct FieldYAML {
    /// A few lines that stand for gigabytes, in the places where YAML has nodes.
    private static let bombs: [(what: String, yaml: String)] = [
      (
        "lists",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
          + (1...12).map { number in
            let (last, next) = ("ab\(number - 1)", "ab\(number)")
            let items = Array(repeating: "*\(number == 1 ? "a" : last)", count: 9)
            return "\(next): &\(next) [\(items.joined(separator: ","))]"
          }.joined(separator: "\n")
      ),
      (
        "mappings",
        "portal: &a {rows: 1}\n"
          + (1...30).map {
            "k\($0): &b\($0) {x: *\($0 == 1 ? "a" : "b\($0 - 1)"), y: *\($0 == 1 ? "a" : "b\($0 - 1)")}"
          }
          .joined(separator: "\n")
      ),
      ("keys", "? &a [x, x]\n: 1\n? [*a, *a]\n: 2\n"),
      ("a merge", "a: &a\n  rows: 1\nportal:\n  <<: *a\n"),
      ("one alias", "portal:\n  contact: &me a@b.nl\nping:\n  url: *me\n"),
      ("behind a tag", "portal: !!map &a {rows: 1}\n"),
      ("itself", "portal: &a [*a]\n"),
      (
        "one line behind a document's start",
        #"--- {"a":&a {"x":1,"y":1},"b":&b {"x":*a,"y":*a},"c":&c {"x":*b,"y":*b},"portal":*c}"#
      ),
      ("behind a carriage return", "# x\rportal: &a {rows: 1}\nb: *a\n"),
      ("behind a doubled quote", "a: 'it''s: \"'\nportal: &x {rows: 1}\nb: *x\n"),
      ("behind a quote that is none", "a: foo\n  \"bar\nportal: &x {rows: 1}\nb: *x\n"),
      ("beside a block", "? a: |\n    t\n  b: &x 1\n: *x\n"),
      ("behind a tag in a list", "a: &a 1\nportal: [!x,*a]\n"),
      ("a key in a list", "portal: [?&a 1 : 2]\n"),
      ("in a list", "portal:\n  allow-redirect-hosts:\n    - &a b.nl\n    - *a\n"),
    ]

    @Test("D5 YAML that unfolds to gigabytes: 78 at once, whatever the command", arguments: bombs)
    func bomb(what: String, yaml: String) async throws {
      let bench = try Workbench()
      try bench.write(yaml, to: "bomb.yaml")
      for command in ["config check", "config show", "harvest --sample", "daemon --sample"] {
        // With far too little memory for it.
        let ended = try await bench.shell(
          "ulimit -v 4000000; timeout 60 \"$donl_mirror\" \(command) --config bomb.yaml")
        #expect(ended.code == 78, "\(command): \(ended.code ?? -1) \(ended.errors)")
        #expect(ended.errors.contains("bomb.yaml:"), "\(ended.errors)")
        #expect(ended.errors.contains("alias"), "\(ended.errors)")
      }
    }

    @Test(
      "D5 the same signs in a text are text",
      arguments: [
        "portal:\n  contact: a & b * c\n", "portal:\n  contact: 'x: &y, *z'\n",
        "portal:\n  contact: \"\\\"&a\"\n", "# &a *b\nportal: # *c\n  rows: 7\n",
        "portal:\n  contact: |\n    &a *b\n  rows: 9\n",
        "ping:\n  url: https://example.org/a?b=*&c=d\n",
        "portal: {contact: a&b*c, rows: 3}\n", "portal:\n  contact: >-\n    *x*\n",
        "portal:\n  contact: -&a\n", "portal:\n  contact: 'it''s: *x'\n",
        "portal:\n  allow-redirect-hosts: []\n  contact: |\n   *text: &x\n",
        "---\nportal:\n  rows: 7\n", "portal:\r\n  rows: 7\r\n", "\u{FEFF}portal:\n  rows: 5\n",
      ])
    func text(yaml: String) async throws {
      let bench = try Workbench()
      try bench.write(yaml, to: "config.yaml")
      let ended = try await bench.run("config", "check", "--config", "config.yaml")
      #expect(ended.code == 0, "\(ended.errors)")
    }
  }
}
