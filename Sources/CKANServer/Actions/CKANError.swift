/// CKAN's errors, in the Dutch that data.overheid.nl speaks: nobody should match on their text.
package struct CKANError: Error {
  package var status: Int
  package var members: [(key: String, value: JSON)]

  private init(_ status: Int, _ members: [(key: String, value: JSON)]) {
    self.status = status
    self.members = members
  }

  private static func message(_ status: Int, _ type: String, _ message: String) -> CKANError {
    CKANError(status, [("__type", .string(type)), ("message", .string(message))])
  }

  package static func validation(_ field: String, _ messages: String...) -> CKANError {
    CKANError(409, [(field, .strings(messages)), ("__type", "Validation Error")])
  }

  package static func searchQuery(_ reason: String) -> CKANError {
    message(400, "Search Query Error", "Search Query is invalid: \(reason)")
  }

  package static func search(_ reason: String) -> CKANError {
    message(
      409, "Search Error",
      "Search error: 'SOLR returned an error running query: {} Error: \(reason)'")
  }

  package static let notFound = message(404, "Not Found Error", "Niet gevonden")

  package static func unauthorized(_ id: String) -> CKANError {
    message(
      403, "Authorization Error",
      "Toestemming geweigerd: Gebruiker  is niet gemachtigd om pakket \(id) te lezen ")
  }
}
