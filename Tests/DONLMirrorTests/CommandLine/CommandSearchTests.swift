import Foundation
import SamplePortal
import Testing

extension CommandLineTests {
  @Suite("What the mirror tells")
  struct Reading {
    private static let water = "http://standaarden.overheid.nl/owms/terms/Water_(thema)"
    private static let catalogue: [String] = [
      """
      {"id": "1", "name": "coords", "title": "Coördinaten van België", "tags": [{"name": "kaart"}],
       "theme": ["\(water)"], "organization": {"id": "o", "name": "een", "title": "Gemeente Één"}}
      """,
      #"{"id": "2", "name": "quotes", "title": "Rijksmonumenten \"oud\" AND (nieuw) water*"}"#,
      """
      {"id": "3", "name": "forged", "title": "rood\\u001b[31m en om\\u202e\\nstate  active",
       "notes": "een\\r\\ntwee\\u0007"}
      """,
    ].map { $0.replacing("\n", with: " ") }

    private func mirror() async throws -> Workbench {
      let bench = try Workbench()
      try await SamplePortal.run(try Catalogue(records: Self.catalogue)) { portal in
        let ended = try await bench.run("harvest", "--portal", portal.url)
        #expect(ended.code == 0, "\(ended.errors)")
      }
      return bench
    }

    private func found(_ arguments: String..., on bench: Workbench) async throws -> [String] {
      let ended = try await bench.start(["search", "--json"] + arguments).ended
      #expect(ended.code == 0)
      let hits = try JSONSerialization.jsonObject(with: Data(ended.output.utf8))
      return (hits as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    }

    @Test("is found by its words, accents or not, the last one begun")
    func words() async throws {
      let bench = try await mirror()

      #expect(try await found("coordinaten", "belg", on: bench) == ["coords"])
      #expect(try await found("COÖRDINATEN", on: bench) == ["coords"])
      #expect(try await found("coord", "belgie", on: bench) == [])
      #expect(try await found("kaart", on: bench) == ["coords"])
      #expect(try await found("een", on: bench).sorted() == ["coords", "forged"])
    }

    @Test("is found by words that would be syntax elsewhere")
    func syntax() async throws {
      let bench = try await mirror()

      #expect(try await found("\"oud\"", "AND", "(nieuw)", on: bench) == ["quotes"])
      #expect(try await found("title:oud", on: bench) == [])
      for odd in ["\"", "*", "NEAR(", "a OR b", "^oud", "'; DROP TABLE datasets; --", "-", "{x}:"] {
        let ended = try await bench.run("search", "--", odd)

        #expect(ended.code == 0, "\(odd)")
      }
      let nothing = try await bench.run("search", "nergens")

      #expect(nothing.code == 0)
      #expect(nothing.output.isEmpty)
      #expect(nothing.errors == "Nothing found.\n")
    }

    @Test("is found by fields")
    func fields() async throws {
      let bench = try await mirror()

      #expect(try await found("--field", "theme=\(Self.water)", on: bench) == ["coords"])
      #expect(try await found("--field", "tag=kaart", on: bench) == ["coords"])
      #expect(try await found("--field", "name=quotes", on: bench) == ["quotes"])
      #expect(try await found("water", "--field", "tag=kaart", on: bench) == [])
      let unknown = try await bench.run("search", "--field", "them=x")
      #expect(unknown.code == 64)
      #expect(unknown.errors.contains("There is no field them. Did you mean theme?"))
      #expect(try await bench.run("search", "--field", "nosuch\"field=x").code == 64)
    }

    @Test("is found by the label of a URI, and a theme with what stands below it")
    func labels() async throws {
      let bench = try Workbench()
      _ = try await bench.run("harvest", "--sample")
      func names(_ field: String) async throws -> [String] {
        try await found("--limit", "500", "--field", field, "--db", "sample.db", on: bench).sorted()
      }
      let terms = "http://standaarden.overheid.nl/owms/terms/"
      let road = try await names("theme=\(terms)Weg_(thema)")

      #expect(try await names("theme=Weg") == road)
      #expect(!road.isEmpty)
      let traffic = try await names("theme=\(terms)Verkeer_(thema)")
      #expect(Set(traffic).isSuperset(of: road))
      #expect(try await names("theme=verkeer") == traffic)
      #expect(try await names("theme=Traffic") == traffic)
      #expect(
        try await names("authority=Gemeente Amsterdam").contains("laadpalen-amsterdam") == false)
      #expect(try await names("authority=Gemeente Amsterdam").isEmpty == false)
      #expect(try await names("frequency=Dagelijks") == names("frequency=daily"))
      #expect(try await names("theme=geen van alle").isEmpty)
    }

    @Test("can neither color a terminal, nor turn text around, nor forge a line")
    func escapes() async throws {
      let bench = try await mirror()
      for command in [["show", "forged"], ["search", "rood"]] {
        let ended = try await bench.start(command).ended

        #expect(ended.code == 0)
        #expect(ended.output.contains(#"rood\u{1B}[31m en om\u{202E}\u{A}state  active"#))
        #expect(!ended.output.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
      }
      let show = try await bench.run("show", "forged")

      #expect(show.output.contains("\n  een\n  twee\\u{7}\n"))
    }

    @Test("is shown with names of fields, URIs and resources")
    func show() async throws {
      let bench = try Workbench()
      _ = try await bench.run("harvest", "--sample")
      let show = try await bench.run("show", "alle-velden", "--db", "sample.db")

      #expect(show.code == 0)
      #expect(show.errors.isEmpty)
      #expect(show.output.hasPrefix("Alle velden met een URI\n"))
      let theme = try #require(show.outputLines.first { $0.contains("(theme)") })
      #expect(theme.contains("Thema (theme)"))
      #expect(!theme.contains("http"))
      #expect(show.outputLines.contains { $0.contains("(frequency)") && !$0.contains("http") })
      let english = try await bench.run(
        "show", "alle-velden", "--db", "sample.db", "--lang", "en")
      #expect(english.outputLines.contains { $0.contains("Theme (theme)") })
      #expect(english.output != show.output)
      let wrong = try await bench.run("show", "alle-velden", "--db", "sample.db", "--lang", "fr")
      #expect(wrong.code == 64)
      #expect(show.output.contains("\nResource 0  "))

      let json = try await bench.run("show", "alle-velden", "--json", "--db", "sample.db")
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect((object["resources"] as? [Any])?.count == 1)
      let terms = object["terms"] as? [[String: Any]] ?? []
      let status = try #require(terms.first { $0["field"] as? String == "dataset_status" })
      #expect((status["value"] as? String)?.hasPrefix("http://") == true)
      #expect((status["label"] as? String)?.hasPrefix("http") == false)
    }
  }
}
