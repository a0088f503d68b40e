import Foundation

/// The splitter: its ranges ascend, are apart and inside; each record stands alone.
func checkSplitter(_ input: [UInt8]) {
  let page: Page
  do throws(PageError) {
    page = try Page(body: input)
  } catch {
    demand(!isSearchAnswer(input), "an answer that Foundation reads is a page, not \(error)")
    return
  }

  var end = 0
  for range in page.records {
    demand(range.lowerBound >= end && !range.isEmpty, "\(range) ascends")
    demand(range.upperBound <= input.count, "\(range) is inside \(input.count) bytes")
    end = range.upperBound
  }
  demand(page.count ?? 0 >= 0, "a count is not negative")

  if let records = Judge.records(of: input) {
    demand(
      records.count == page.records.count,
      "\(page.records.count) records, to Foundation \(records.count)")
    for (record, range) in zip(records, page.records) {
      let alone = Judge.value(of: Array(input[range]))
      demand(
        (record as? NSObject) == (alone as? NSObject), "a record is the same alone: \(range)")
    }
  }

  let rows = page.censusRows
  demand(
    rows.map { $0?.id } == page.ids,
    "the census sees the ids that the walk sees")
  for (index, outcome) in Normalizer.standard.normalize(page).enumerated() {
    let record = Array(page[index])
    switch outcome {
    case .success(let dataset):
      dataset.demandStorable()
      demand(Array(dataset.record) == record, "a dataset keeps its bytes")
      demand(page.ids[index] == dataset.id, "the walk sees the id that is stored")
      demand(
        rows[index]?.metadataModified == dataset[.metadataModified].text,
        "the census sees the stamp that is stored")
    case .failure(let rejection):
      demand(Array(rejection.record) == record, "a rejection keeps its bytes")
    }
  }
}

/// True for the plain shape of an answer, where no key is written in an odd way.
private func isSearchAnswer(_ input: [UInt8]) -> Bool { Judge.records(of: input) != nil }

extension Judge {
  /// The records of the plain envelope of `package_search`, where nothing leaves room for opinion.
  fileprivate static func records(of input: [UInt8]) -> [Any]? {
    let isPlain = input.withView { bytes in
      !bytes.contains("\\") && bytes.occurrences(of: "\"result") == 2
        && !bytes.contains("\"success\"")
    }
    guard isPlain, !guessesEncoding(of: input), !mayConfuseKeys(of: input),
      !mayTakeTrailingComma(in: input),
      let answer = value(of: input) as? [String: Any],
      let result = answer["result"] as? [String: Any]
    else { return nil }
    return result["results"] as? [Any]
  }
}

extension ByteView {
  fileprivate func occurrences(of text: StaticString) -> Int {
    guard count >= text.utf8CodeUnitCount else { return 0 }
    return (0...(count - text.utf8CodeUnitCount)).count {
      self[$0..<($0 + text.utf8CodeUnitCount)].equals(text)
    }
  }
}
