import Testing

@testable import DONLMirror

@Suite("A portal's address")
struct PortalAddressTests {
  @Test(
    "is the same however it is written",
    arguments: [
      "https://data.overheid.nl/data", "https://data.overheid.nl/data/",
      "https://data.overheid.nl/data/api/3/action", "https://data.overheid.nl/data/api/3/action/",
      "https://data.overheid.nl/data/api/action", "https://data.overheid.nl:443/data/api/3",
      " HTTPS://Data.Overheid.NL//data/api/3//action\n",
    ])
  func spellings(text: String) throws {
    let address = try PortalAddress(text)

    #expect(address.site == "https://data.overheid.nl/data")
    #expect(
      address.url(of: "status_show", query: [])
        == "https://data.overheid.nl/data/api/3/action/status_show")
  }

  @Test("keeps its port, an IPv6 host and a path that only looks like the API")
  func others() throws {
    #expect(try PortalAddress("http://[::1]:5000/").site == "http://[::1]:5000")
    #expect(try PortalAddress("http://x.nl:80").site == "http://x.nl")
    #expect(
      try PortalAddress("https://x.nl/api/3/action/data").site == "https://x.nl/api/3/action/data")
  }

  @Test(
    "is refused with the reason",
    arguments: [
      "", "data.overheid.nl/data", "ftp://data.overheid.nl", "https://", "https:///data",
      "https://user:secret@data.overheid.nl/", "https://data.overheid.nl/?q=1",
      "https://data.overheid.nl/#top", "https://data overheid.nl/", "file:///etc/passwd",
    ])
  func invalid(text: String) {
    let error = #expect(throws: InvalidPortalSetting.self) { try PortalAddress(text) }

    #expect(error?.message.contains("portal.url") == true)
    #expect(error?.message.contains("secret") == false)
  }

  @Test("encodes whatever a question holds")
  func encoding() throws {
    let address = try PortalAddress("https://x.nl")

    let url = address.url(
      of: "package_search",
      query: [("fq", "+metadata_modified:[2026-01-01T00:00:00Z TO *]"), ("q", "a&b=c é%~\u{0}")])

    #expect(
      url == "https://x.nl/api/3/action/package_search"
        + "?fq=%2Bmetadata_modified%3A%5B2026-01-01T00%3A00%3A00Z%20TO%20%2A%5D"
        + "&q=a%26b%3Dc%20%C3%A9%25~%00")
  }
}
