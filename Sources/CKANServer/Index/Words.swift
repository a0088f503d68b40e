import Foundation

/// The words of a text, in lower case and in order: runs of letters, marks and digits.
package func splitIntoWords(_ text: String) -> [String] {
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
