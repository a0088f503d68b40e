import Foundation
import NIOSSL
import Testing

@testable import DONLMirror

@Suite(
  "A transport that meets TLS",
  .enabled(if: Certificate.openssl != nil, "there is no openssl command to make certificates"))
struct TLSTests {
  @Test("trusts an authority that it was given, and no other")
  func authority() async throws {
    try await Certificate.using { certificate in
      try await ScriptedServer.using([Answers.ok()], tls: certificate.context) { server in
        let url = "https://localhost:\(server.port)"
        let trusting = try PortalSettings.to(url) { $0.authorities = certificate.authorities }

        #expect(try await get(url, trusting).status == 200)
        let error = await failure { try await get(url, try .to(url)) }
        #expect(error?.reason == .tls)
        #expect(error?.nature == .refused)
        #expect(error?.isTransient == false)
      }
    }
  }

  @Test(
    "refuses a certificate that is too old or too young, and points at the clock",
    arguments: [("20200101000000Z", "20200201000000Z"), ("20900101000000Z", "20910101000000Z")])
  func validity(from: String, until: String) async throws {
    try await Certificate.using(from: from, until: until) { certificate in
      try await ScriptedServer.using([Answers.ok()], tls: certificate.context) { server in
        let url = "https://localhost:\(server.port)"
        let settings = try PortalSettings.to(url) { $0.authorities = certificate.authorities }

        let error = await failure { try await get(url, settings) }

        #expect(error?.reason == .tls)
        #expect(error?.message.contains("clock") == true)
        #expect(server.requests.isEmpty)
      }
    }
  }

  @Test("refuses a certificate for another name")
  func name() async throws {
    try await Certificate.using(name: "DNS:example.nl") { certificate in
      try await ScriptedServer.using([Answers.ok()], tls: certificate.context) { server in
        let url = "https://localhost:\(server.port)"
        let settings = try PortalSettings.to(url) { $0.authorities = certificate.authorities }

        let error = await failure { try await get(url, settings) }

        #expect(error?.reason == .tls)
        #expect(server.requests.isEmpty)
      }
    }
  }

  @Test("refuses TLS that is too old, and what is no TLS")
  func notTLS() async throws {
    try await Certificate.using { certificate in
      let old = try certificate.context(for: .tlsv11)
      let greeting = "HTTP/1.1 400 Bad Request\r\n\r\n"
      for (tls, greeting) in [(old, ""), (nil, greeting)] {
        try await ScriptedServer.using([], tls: tls, greeting: greeting) { server in
          let url = "https://localhost:\(server.port)"
          let settings = try PortalSettings.to(url) { $0.authorities = certificate.authorities }

          let error = await failure { try await get(url, settings) }

          #expect(error?.reason == .tls)
          #expect(error?.nature == .refused)
        }
      }
    }
  }

  @Test("names a file of authorities that cannot be read")
  func missingFile() {
    let error = #expect(throws: InvalidPortalSetting.self) {
      try Authorities(environment: ["SSL_CERT_FILE": "/no/ca.pem"])
    }

    #expect(error?.message.contains("/no/ca.pem") == true)
  }

  @Test("counts the handshake as connecting")
  func handshakeTimeout() async throws {
    try await ScriptedServer.using([]) { server in
      let url = "https://localhost:\(server.port)"
      let settings = try PortalSettings.to(url) { $0.connectTimeout = .milliseconds(150) }

      let error = await failure { try await get(url, settings) }

      #expect(error?.reason == .connect)
      #expect(error?.nature == .temporary)
    }
  }

  @Test("follows a redirect from http to https, and not back")
  func redirects() async throws {
    try await Certificate.using { certificate in
      try await ScriptedServer.using([Answers.ok()], tls: certificate.context) { secure in
        let target = "https://localhost:\(secure.port)/"
        try await ScriptedServer.using([Answers.redirect(to: target)]) { plain in
          let url = "http://localhost:\(plain.port)/"
          let settings = try PortalSettings.to(url) { $0.authorities = certificate.authorities }

          #expect(try await get(url, settings).status == 200)
          #expect(secure.requests.count == 1)
        }
      }
      let back = Answers.redirect(to: "http://localhost/")
      try await ScriptedServer.using([back], tls: certificate.context) { secure in
        let url = "https://localhost:\(secure.port)/"
        let settings = try PortalSettings.to(url) { $0.authorities = certificate.authorities }

        let error = await failure { try await get(url, settings) }

        #expect(error?.reason == .downgrade)
        #expect(error?.nature == .refused)
      }
    }
  }

  @Test("goes through a proxy with TLS to the portal itself")
  func proxy() async throws {
    try await Certificate.using { certificate in
      let scripts: [ScriptedServer.Script] = [
        [.text("HTTP/1.1 200 Connected\r\n\r\n"), .startTLS(certificate.context)], Answers.ok(),
      ]
      try await ScriptedServer.using(scripts) { proxy in
        // The name resolves nowhere: only the proxy knows it.
        let url = "https://portal.invalid"
        let settings = try PortalSettings.to(url) {
          $0.authorities = certificate.authorities
          $0.proxy =
            ProxyRules.Proxy("http://127.0.0.1:\(proxy.port)").map(ProxyRules.init) ?? $0.proxy
        }

        let response = try await get(url + "/x", settings)

        #expect(response.status == 200)
        #expect(proxy.requests.first?.hasPrefix("CONNECT portal.invalid:443 HTTP/1.1\r\n") == true)
        #expect(proxy.requests.last?.hasPrefix("GET /x HTTP/1.1\r\n") == true)
      }
    }
  }
}

/// A certificate that signs itself, made by the openssl command.
struct Certificate {
  var file: String
  var key: String
  var context: NIOSSLContext
  var authorities: Authorities

  static let openssl = ["/usr/bin/openssl", "/usr/local/bin/openssl", "/opt/homebrew/bin/openssl"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  /// - Parameters:
  ///   - name: what the certificate is for.
  ///   - from: as ASN.1 writes it, and `until`.
  static func using<Result>(
    name: String = "DNS:localhost,DNS:portal.invalid", from: String = "20200101000000Z",
    until: String = "20990101000000Z", isolation: isolated (any Actor)? = #isolation,
    body: (Certificate) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appending(component: "donl-mirror-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let authority = """
      [ca]
      default_ca=d
      [d]
      new_certs_dir=.
      database=index.txt
      rand_serial=yes
      default_md=sha256
      policy=p
      x509_extensions=e
      [p]
      commonName=supplied
      [e]
      basicConstraints=CA:TRUE
      subjectAltName=\(name)

      """
    try Data(authority.utf8).write(to: folder.appending(component: "ca.cnf"))
    try Data().write(to: folder.appending(component: "index.txt"))
    try run(
      "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem"
        + " -out request.pem -subj /CN=test", in: folder)
    try run(
      "ca -batch -config ca.cnf -selfsign -notext -keyfile key.pem -in request.pem"
        + " -out certificate.pem -startdate \(from) -enddate \(until)", in: folder)
    let file = folder.appending(component: "certificate.pem").path
    let key = folder.appending(component: "key.pem").path
    return try await body(
      Certificate(
        file: file, key: key, context: try context(file, key, until: .tlsv13),
        authorities: try Authorities(file: file)))
  }

  /// For a server that speaks no TLS newer than `version`.
  func context(for version: TLSVersion) throws -> NIOSSLContext {
    try Self.context(file, key, until: version)
  }

  private static func context(
    _ file: String, _ key: String, until version: TLSVersion
  ) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    configuration.maximumTLSVersion = version
    return try NIOSSLContext(configuration: configuration)
  }

  private static func run(_ command: String, in folder: URL) throws {
    let process = Process()
    process.executableURL = URL(filePath: try #require(openssl))
    process.arguments = command.split(separator: " ").map(String.init)
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }
}
