import Foundation

/// The words of a text, in lower case and in order: runs of letters, marks and digits.
package func splitIntoWords(_ text: String) -> [String] {
  var text = text
  let plain = text.withUTF8 { bytes in
    bytes.allSatisfy { $0 < 0x80 } ? splitASCII(bytes) : nil
  }
  return plain ?? splitScalars(text)
}

private func splitASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> [String] {
  var words: [String] = []
  var word: [UInt8] = []
  for byte in bytes {
    switch byte {
    case 0x30...0x39, 0x61...0x7A: word.append(byte)
    case 0x41...0x5A: word.append(byte | 0x20)
    default:
      guard !word.isEmpty else { continue }
      words.append(String(decoding: word, as: UTF8.self))
      word.removeAll(keepingCapacity: true)
    }
  }
  if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
  return words
}

private func splitScalars(_ text: String) -> [String] {
  var words: [String] = []
  var word = String.UnicodeScalarView()
  func end() {
    guard !word.isEmpty else { return }
    words.append(String(word).lowercased())
    word = String.UnicodeScalarView()
  }
  for scalar in text.unicodeScalars {
    if isPartOfWord(scalar) { word.append(scalar) } else { end() }
  }
  end()
  return words
}

private func isPartOfWord(_ scalar: Unicode.Scalar) -> Bool {
  guard scalar.value >= 0x80 else {
    return ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
      || ("0"..."9").contains(scalar)
  }
  switch scalar.properties.generalCategory {
  case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
    .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
    return true
  default: return false
  }
}
