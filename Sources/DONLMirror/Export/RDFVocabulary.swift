/// The namespaces that a graph of ours names.
enum RDFVocabulary {
  static let type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

  /// In the order in which they are declared.
  static let prefixes: [(name: String, iri: String)] = [
    ("adms", "http://www.w3.org/ns/adms#"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dcatap", "http://data.europa.eu/r5r/"),
    ("dct", "http://purl.org/dc/terms/"),
    // DCAT-AP-DONL names terms of its own and publishes no namespace for them.
    ("donl", "urn:dcat-ap-donl:"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("overheid", "http://standaarden.overheid.nl/owms/terms/"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("schema", "http://schema.org/"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("spdx", "http://spdx.org/rdf/terms#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
  ]

  private static let namespaces = Dictionary(
    uniqueKeysWithValues: prefixes.map { ($0.name, $0.iri) })

  /// The IRI of a term such as `dct:title`; nil where the prefix is none of ours, or more stands there.
  static func iri(_ term: String) -> String? {
    let parts = term.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let namespace = namespaces[String(parts[0])],
      parts[1].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    else { return nil }
    return namespace + parts[1]
  }

  /// A text as an IRI: what no IRI may hold is percent-encoded (RFC 3987, 3.1). Nil where there is no
  /// scheme, or nothing behind it, or the scheme is a prefix of ours (`dct:x` is an abbreviation).
  static func escapedIRI(_ text: String) -> String? {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
      text.utf8.index(after: colon) < text.utf8.endIndex,
      let first = text.utf8.first, isLetter(first),
      text.utf8[..<colon].allSatisfy({
        isLetter($0) || $0.isDigit || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E
      }), namespaces[String(text[..<colon])] == nil
    else { return nil }
    if text.utf8.allSatisfy({ isPlain($0) }) { return text }
    var escaped = ""
    let scalars = Array(text.unicodeScalars)
    var hasFragment = false
    for (index, scalar) in scalars.enumerated() {
      let isEscape =
        scalar == "%" && index + 2 < scalars.count
        && scalars[(index + 1)...(index + 2)].allSatisfy(\.properties.isASCIIHexDigit)
      // A second number sign ends no fragment.
      let isAllowed = isEscape || (isAllowed(scalar) && !(scalar == "#" && hasFragment))
      hasFragment = hasFragment || scalar == "#"
      if isAllowed {
        escaped.unicodeScalars.append(scalar)
      } else {
        for byte in String(scalar).utf8 { escaped += byte.percentEscape }
      }
    }
    return escaped
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

  /// Unreserved or reserved, but for the brackets and the number sign, which are not allowed everywhere.
  private static func isPlain(_ byte: UInt8) -> Bool {
    isLetter(byte) || byte.isDigit || "-._~:/?@!$&'()*+,;=".utf8.contains(byte)
  }

  /// `ucschar` and `iprivate` of RFC 3987, without the marks that turn the direction of text (4.1).
  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value >= 0x80 else {
      return isPlain(UInt8(scalar.value)) || scalar == "#"
    }
    guard scalar.value >= 0xA0, !scalar.isUnsafeToShow, scalar.value & 0xFFFF < 0xFFFE else {
      return false
    }
    return switch scalar.value {
    case 0xE000...0xF8FF, 0xFDD0...0xFDEF, 0xFFF0...0xFFFF, 0xE0000...0x10FFFF: false
    default: !scalar.properties.isWhitespace
    }
  }
}
