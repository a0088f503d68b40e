import Foundation

/// The reader: takes what Foundation takes and nothing else, says the same of it, and has one form
/// for equal content.
func checkRecord(_ input: [UInt8]) {
  var reader = JSONReader()
  let value = Judge.guessesEncoding(of: input) ? nil : Judge.value(of: input)
  do throws(JSONFault) {
    let forms = try reader.read(input) { document in
      if let value, !Judge.mayConfuseKeys(of: input) {
        demand(
          Judge.agrees(value, with: document.root, of: document), "the same as to Foundation")
      }
      return Forms(of: document)
    }
    if value == nil, !Judge.guessesEncoding(of: input) {
      demand(
        reader.needsRepair || forms.hasHugeNumber, "what is read, Foundation reads: an exception?")
    }
    demand(Forms.of(forms.content)?.content == forms.content, "the canonical form is its own")
    demand(
      Forms.of(forms.everything)?.everything == forms.everything, "the full form is its own")
  } catch {
    demand(
      value == nil || Judge.mayTakeTrailingComma(in: input),
      "what Foundation reads is read: \(error.detail)")
    demand((0...input.count).contains(error.offset), "\(error.offset) is a place in the record")
  }

  do throws(Rejection) {
    try Normalizer.standard.normalize(input[...]).demandStorable()
  } catch {
    demand(Array(error.record) == input, "a rejection keeps its bytes")
  }
}

/// The two canonical forms of a record.
private struct Forms {
  var content: [UInt8]
  var everything: [UInt8]
  /// Foundation refuses a number that no Double holds.
  var hasHugeNumber: Bool

  init(of document: JSONDocument) {
    content = Self.written(document, by: .content(.standard))
    everything = Self.written(document, by: .everything)
    hasHugeNumber = document.nodes.indices.contains {
      document.kind($0) == .number && Double(document.text($0))?.isFinite != true
    }
  }

  /// Nil when the bytes cannot be read.
  static func of(_ record: [UInt8]) -> Forms? {
    var reader = JSONReader()
    return try? reader.read(record) { Forms(of: $0) }
  }

  private static func written(_ document: JSONDocument, by rule: CanonicalWriter.Rule) -> [UInt8] {
    var writer = CanonicalWriter(rule)
    writer.write(document)
    return Array(writer.output)
  }
}
