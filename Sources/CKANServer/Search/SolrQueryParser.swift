/// Reads the text of `q` or `fq`.
package struct SolrQueryParser {
  private let text: [Character]
  private var at = 0
  private var depth = 0
  private var clausesRead = 0

  /// As Solr's `maxBooleanClauses`.
  private static let clausesMax = 1_024
  private static let depthMax = 64
  private let now: SolrDate

  /// What Solr would answer with status 400; CKAN makes it a 409 Search Error.
  package struct Refusal: Error { package var reason: String }

  init(_ text: String, now: SolrDate) {
    self.text = Array(text)
    self.now = now
  }

  /// The clauses of the text, as they stand beside the required clauses that CKAN adds.
  ///
  /// - Throws: `Refusal` where Solr does: unbalanced brackets and quotes, `to` for `TO`, dates
  ///   without `Z`.
  package static func filter(_ text: String, now: SolrDate) throws -> SolrQuery {
    let own = SolrQuery.Clause(occurrence: .must, query: .all)
    return .clauses([own] + (try clauses(text, now: now)))
  }

  /// The query `q`: every word must occur.
  package static func query(_ text: String, now: SolrDate) throws -> SolrQuery {
    let clauses = try clauses(text, now: now)
    // Solr adds the match-all that a purely negative query lacks, on the top level only.
    return clauses.allSatisfy({ $0.occurrence == .mustNot })
      ? .clauses([.init(occurrence: .must, query: .all)] + clauses) : .clauses(clauses)
  }

  private static func clauses(_ text: String, now: SolrDate) throws -> [SolrQuery.Clause] {
    guard !text.hasPrefix("{!") else {
      throw Refusal(reason: "Local parameters are not supported in param 'fq'.")
    }
    var parser = SolrQueryParser(text, now: now)
    let clauses = try parser.readClauses(field: "text")
    guard parser.at == parser.text.count else { throw parser.unexpected() }
    return clauses
  }

  private enum Conjunction { case none, and, or }

  private mutating func readClauses(field: String) throws -> [SolrQuery.Clause] {
    var clauses: [SolrQuery.Clause] = []
    while true {
      skipSpace()
      guard let next = peek, next != ")" else { return clauses }
      let conjunction = readConjunction()
      if conjunction != .none, clauses.isEmpty { throw unexpected() }
      let modifier = readModifier()
      let query = try readClause(field: field)
      clausesRead += 1
      guard clausesRead <= Self.clausesMax else {
        throw Refusal(reason: "too many boolean clauses: maxClauseCount is set to 1024")
      }
      if conjunction != .none, let last = clauses.indices.last,
        clauses[last].occurrence != .mustNot
      {
        clauses[last].occurrence = conjunction == .and ? .must : .should
      }
      let occurrence: SolrQuery.Clause.Occurrence =
        modifier == "-" ? .mustNot : conjunction == .or ? .should : .must
      clauses.append(.init(occurrence: occurrence, query: query))
    }
  }

  private mutating func readConjunction() -> Conjunction {
    if takeWord("AND") || takeWord("&&") { return .and }
    if takeWord("OR") || takeWord("||") { return .or }
    return .none
  }

  private mutating func readModifier() -> Character? {
    skipSpace()
    if takeWord("NOT") { return "-" }
    guard let sign = peek, sign == "+" || sign == "-" || sign == "!" else { return nil }
    at += 1
    return sign == "!" ? "-" : sign
  }

  private mutating func readClause(field: String) throws -> SolrQuery {
    skipSpace()
    guard let next = peek else { throw unexpected() }
    switch next {
    case "(": return try readGroup(field: field)
    case "[", "{": return try readRange(field: field)
    case "\"": return try quoted(field, try readQuoted())
    default: break
    }
    let word = try readWord()
    guard peek == ":" else { return try term(field, word) }
    let name = try word.field
    at += 1
    guard let value = peek else { throw unexpected() }
    switch value {
    case "(": return try readGroup(field: name)
    case "[", "{": return try readRange(field: name)
    case "\"": return try quoted(name, try readQuoted())
    default: return try term(name, try readWord())
    }
  }

  private mutating func readGroup(field: String) throws -> SolrQuery {
    at += 1
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMax else { throw unsupported("brackets nested so deep") }
    let clauses = try readClauses(field: field)
    guard peek == ")", !clauses.isEmpty else { throw unexpected() }
    at += 1
    return .clauses(clauses)
  }

  private func term(_ field: String, _ word: Word) throws -> SolrQuery {
    switch word.stars {
    case .none: return try dated(field, word.text)
    case .alone: return field == "*" || field == "text" ? .all : .exists(field: field)
    case .last:
      guard !Self.dateFields.contains(field) else { throw unsupported("a prefix of a date") }
      return .prefix(field: field, value: word.text)
    }
  }

  private func quoted(_ field: String, _ text: String) throws -> SolrQuery {
    guard SolrQuery.textFields.contains(field) else { return try dated(field, text) }
    let words = splitIntoWords(text)
    return words.count > 1
      ? .phrase(field: field, words: words) : .term(field: field, value: text)
  }

  /// A single value; on a date field the millisecond it names.
  private func dated(_ field: String, _ value: String) throws -> SolrQuery {
    guard Self.dateFields.contains(field) else { return .term(field: field, value: value) }
    let instant = try date(value)
    return .dates(
      field: field,
      .init(lower: instant, includesLower: true, upper: instant, includesUpper: true))
  }

  private mutating func readRange(field: String) throws -> SolrQuery {
    let includesLower = peek == "["
    at += 1
    let lower = try readBound()
    skipSpace()
    guard takeWord("TO") else { throw unexpected() }
    let upper = try readBound()
    skipSpace()
    guard let close = peek, close == "]" || close == "}" else { throw unexpected() }
    at += 1
    guard Self.dateFields.contains(field) else {
      return .strings(
        field: field,
        .init(
          lower: lower.map(ByteOrdered.init), includesLower: includesLower,
          upper: upper.map(ByteOrdered.init), includesUpper: close == "]"))
    }
    return .dates(
      field: field,
      .init(
        lower: try lower.map(date), includesLower: includesLower,
        upper: try upper.map(date), includesUpper: close == "]"))
  }

  /// nil is `*`.
  private mutating func readBound() throws -> String? {
    skipSpace()
    if peek == "\"" { return try readQuoted() }
    let start = at
    while let next = peek, !next.isWhitespace, next != "]", next != "}" { at += 1 }
    guard at > start else { throw unexpected() }
    let bound = String(text[start..<at])
    return bound == "*" ? nil : bound
  }

  private mutating func readQuoted() throws -> String {
    at += 1
    var value = ""
    while let next = peek, next != "\"" {
      if next == "\\", at + 1 < text.count { at += 1 }
      value.append(text[at])
      at += 1
    }
    guard peek == "\"" else { throw unexpected() }
    at += 1
    return value
  }

  /// A word with its escapes resolved, and where a star stands in it.
  private struct Word {
    enum Stars { case none, alone, last }
    var text: String
    var stars = Stars.none

    var field: String {
      get throws {
        if stars == .alone { return "*" }
        guard stars == .none else {
          throw Refusal(reason: "Not supported here: a pattern of field names.")
        }
        // `_query_` and `_val_` are queries of another language.
        guard !text.hasPrefix("_") else { throw Refusal(reason: "Not supported here: \(text).") }
        return text
      }
    }
  }

  private mutating func readWord() throws -> Word {
    var word = Word(text: "")
    if peek == "/" { throw unsupported("a regular expression") }
    while let next = peek, !next.isWhitespace, !"()[]{}\":^~".contains(next) {
      if word.stars != .none || next == "?" { throw unsupported("a pattern inside a word") }
      if next == "*" {
        word.stars = word.text.isEmpty ? .alone : .last
        at += 1
        continue
      }
      if next == "\\", at + 1 < text.count { at += 1 }
      word.text.append(text[at])
      at += 1
    }
    guard !word.text.isEmpty || word.stars == .alone else { throw unexpected() }
    return word
  }

  private func unsupported(_ what: String) -> Refusal {
    Refusal(reason: "Not supported here: \(what), in '\(String(text.prefix(200)))'.")
  }

  private static let dateFields: Set = ["metadata_modified", "metadata_created"]

  /// `2026-06-01T00:00:00.123456Z` or `NOW`, with arithmetic behind it: `NOW-7DAYS`, `NOW/DAY`.
  private func date(_ text: String) throws -> SolrDate {
    let invalid = Refusal(reason: "Invalid Date String:'\(text)'")
    var rest = text[...]
    var instant: SolrDate
    if text.hasPrefix("NOW") {
      instant = now
      rest = rest.dropFirst(3)
    } else {
      guard let zone = text.firstIndex(of: "Z"), let fixed = SolrDate(naive: text[..<zone]) else {
        throw invalid
      }
      instant = fixed
      rest = text[text.index(after: zone)...]
    }
    while let sign = rest.first {
      rest = rest.dropFirst()
      let digits = rest.prefix { $0.isNumber }
      let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
      guard let length = Self.units[String(unit)] else { throw invalid }
      switch (sign, Int(digits)) {
      case ("+", let count?): instant.milliseconds += count * length
      case ("-", let count?): instant.milliseconds -= count * length
      case ("/", nil):
        instant.milliseconds = floorDivide(instant.milliseconds, length) * length
      default: throw invalid
      }
      rest = rest.dropFirst(digits.count + unit.count)
    }
    return instant
  }

  /// Milliseconds; months and years, which have no fixed length, are not offered.
  private static let units: [String: Int] = {
    let lengths = [
      "MILLI": 1, "SECOND": 1_000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000,
    ]
    return lengths.merging(lengths.map { ($0.key + "S", $0.value) }) { first, _ in first }
  }()

  private var peek: Character? { at < text.count ? text[at] : nil }

  private mutating func skipSpace() {
    while let next = peek, next.isWhitespace { at += 1 }
  }

  /// Takes an operator that stands alone.
  private mutating func takeWord(_ word: String) -> Bool {
    let end = at + word.count
    guard end <= text.count, text[at..<end].elementsEqual(word),
      end == text.count || text[end].isWhitespace || text[end] == "("
    else { return false }
    at = end
    skipSpace()
    return true
  }

  private func unexpected() -> Refusal {
    let what = peek.map { "\"\($0)\"" } ?? "<EOF>"
    return Refusal(
      reason: "org.apache.solr.search.SyntaxError: Cannot parse '\(String(text.prefix(200)))': "
        + "Encountered \(what) at line 1, column \(at).")
  }
}
