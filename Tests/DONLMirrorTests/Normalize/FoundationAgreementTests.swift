import Foundation
import Testing

@testable import DONLMirror

@Suite("The JSON reader, beside Foundation", .enabled(if: SharedData.isPresent))
struct FoundationAgreementTests {
  @Test("reads the same values from every real answer")
  func answers() throws {
    let files = SharedData.files(in: "portals") + SharedData.files(in: "ckan-captures")
    #expect(files.count > 50)
    for file in files + SharedData.files(in: "valuelists") {
      try compare([UInt8](Data(contentsOf: file)), file.lastPathComponent)
    }
  }

  @Test("reads the same values from real records")
  func register() throws {
    for record in try SharedData.register("2015-04-11").prefix(700) {
      try compare(Array(record), "2015-04-11")
    }
  }

  private func compare(_ record: [UInt8], _ name: String) throws {
    let expected = try JSONSerialization.jsonObject(with: Data(record), options: .fragmentsAllowed)
    var reader = JSONReader()

    let agrees = try reader.read(record) { document in
      isEqual(document.root, expected, document)
    }

    #expect(agrees, "\(name)")
  }

  private func isEqual(_ node: Int, _ value: Any, _ document: JSONDocument) -> Bool {
    switch document.kind(node) {
    case .null: return value is NSNull
    case .true: return value as? Bool == true
    case .false: return value as? Bool == false
    case .number: return Double(document.text(node)) == (value as? NSNumber)?.doubleValue
    case .string: return document.text(node) == value as? String
    case .array:
      guard let values = value as? [Any] else { return false }
      let elements = Array(document.elements(of: node))
      return elements.count == values.count
        && zip(elements, values).allSatisfy { isEqual($0, $1, document) }
    case .object:
      guard let values = value as? [String: Any] else { return false }
      let keys = Array(document.keys(of: node))
      return keys.count == values.count
        && keys.allSatisfy { key in
          values[document.key(key).text].map { isEqual(document.value(ofKey: key), $0, document) }
            ?? false
        }
    }
  }
}
