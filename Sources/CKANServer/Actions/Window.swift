/// `limit` and `offset` of the list actions.
package struct Window {
  /// Nil asks for all; so does 0.
  package let limit: Int?
  package let offset: Int

  package init(_ request: CKANRequest) throws {
    limit = try Self.natural(request, "limit").flatMap { $0 == 0 ? nil : $0 }
    offset = try Self.natural(request, "offset") ?? 0
  }

  private static func natural(_ request: CKANRequest, _ name: String) throws -> Int? {
    guard let text = request[name], !text.isEmpty else { return nil }
    guard let number = Int(text) else {
      throw CKANError.validation(name, "Ongeldig geheel getal", "Vul een geheel getal in")
    }
    guard number >= 0 else {
      throw CKANError.validation(name, "Moet een natuurlijk getal zijn")
    }
    return number
  }

  /// The part of the list in the window; a cap is silent.
  package func of<Element>(_ list: [Element], cap: Int = .max) -> [Element] {
    Array(list.dropFirst(offset).prefix(min(limit ?? .max, cap)))
  }
}
