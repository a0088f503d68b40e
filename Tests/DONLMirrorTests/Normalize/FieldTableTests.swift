import Testing

@testable import DONLMirror

@Suite("The field table") struct FieldTableTests {
  @Test("is read from CSV with quotes")
  func reads() throws {
    let table = try FieldTable(
      csv: #"""
        \#u{FEFF}\#(Self.header)
        dataset,theme,uri list,Overheid:TaxonomieBeleidsagenda,dcat:theme,"a, ""b""",Thema,Theme,,CKAN,,\#r

        resource,size,number,,,,"Bestands
        grootte",,,,"2020",
        """#)

    #expect(table.fields.count == 2)
    #expect(
      table.fields[0]
        == FieldTable.Field(
          entity: .dataset, name: "theme", kind: .uriList,
          valueList: "Overheid:TaxonomieBeleidsagenda", dcat: "dcat:theme", iso19115: #"a, "b""#,
          labelNL: "Thema", labelEN: "Theme", since: "CKAN"))
    #expect(table.fields[1].labelNL == "Bestands\ngrootte")
    #expect(table.fields[1].until == "2020")
    #expect(table.fields(of: .resource).map(\.name) == ["size"])
  }

  @Test(
    "names the line of a fault",
    arguments: [
      ("dataset,a,uri", .wrongCount(line: 3, cells: 3)),
      ("person,a,uri,,,,,,,,,", .unknownEntity(line: 3, "person")),
      ("dataset,a,url,,,,,,,,,", .unknownKind(line: 3, "url")),
      ("dataset,,uri,,,,,,,,,", .noName(line: 3)),
      ("dataset,x,uri,,,,,,,,,", .repeated(line: 3, field: "x")),
      ("dataset,a,display name,,,,,,b,,,", .unknownReference(line: 3, "b")),
      ("dataset,a,uri list,@b,,,,,,,,", .unknownReference(line: 3, "b")),
      ("dataset,a,uri,,,,,,,,,b", .unknownReference(line: 3, "b")),
      ("dataset,\"a,uri,,,,,,,,", .badQuotes(line: 3)),
      ("dataset,\"a\"b,uri,,,,,,,,", .badQuotes(line: 3)),
    ] as [(String, FieldTable.Fault)])
  func faults(_ line: String, _ fault: FieldTable.Fault) {
    #expect(throws: fault) {
      try FieldTable(csv: "\(Self.header)\ndataset,x,text,,,,,,,,,\n\(line)\n")
    }
  }

  @Test("asks for its header")
  func header() {
    #expect(throws: FieldTable.Fault.badHeader("entity,field")) {
      try FieldTable(csv: "entity,field\ndataset,a")
    }
    #expect(throws: FieldTable.Fault.badHeader("")) { try FieldTable(csv: "") }
  }

  private static let header =
    "entity,field,kind,value_list,dcat,iso19115,label_nl,label_en,names,since,until,renamed_to"
}

@Suite("A table of keys") struct KeyTableTests {
  @Test("finds every key it was given and no other")
  func finds() {
    let keys =
      ["", "a", "b", "ab", "ba", "\0", "\0a", "12345678", "123456789", "1234567890123456"]
      + ["12345678x90123456", "12345678y90123456", "metadata_created", "metadata_modified", "é"]
      + (0..<200).map { "field_\($0)" }
    let table = KeyTable(keys)

    for (index, key) in keys.enumerated() {
      #expect(Array(key.utf8).withView { table.index(of: $0) } == index)
      #expect(Array((key + "?").utf8).withView { table.index(of: $0) } == nil)
    }
    #expect(Array("12345678z90123456".utf8).withView { table.index(of: $0) } == nil)
  }
}
