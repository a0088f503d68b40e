import CKANServer

/// A licence of the list DONL:License.
struct Licence: Sendable {
  var uri: String
  var title: String

  static let cc0 = Licence(
    uri: "http://creativecommons.org/publicdomain/zero/1.0/deed.nl", title: "CC-0 (1.0)")
  static let ccBy = Licence(
    uri: "http://creativecommons.org/licenses/by/4.0/deed.nl", title: "CC-BY (4.0)")
  static let ccBySa = Licence(
    uri: "http://creativecommons.org/licenses/by-sa/4.0/deed.nl", title: "CC-BY-SA (4.0)")
  static let publicDomain = Licence(
    uri: "http://creativecommons.org/publicdomain/mark/1.0/deed.nl", title: "Publiek Domein")
  static let closed = Licence(
    uri: "http://standaarden.overheid.nl/owms/terms/geslotenlicentie", title: "Gesloten licentie")
  static let unknown = Licence(
    uri: "http://standaarden.overheid.nl/owms/terms/licentieonbekend", title: "Licentie onbekend")

  static let all = [cc0, ccBy, ccBySa, publicDomain, closed, unknown]

  /// As the API serves it.
  var served: ServedLicense { ServedLicense(id: uri, title: title, url: uri) }

  /// The licence register, which the portal also publishes as value lists.
  static let register = JSON.array(all.map(\.served.json))
}
