import Foundation

/// The file of `portal.token-file`.
struct TokenFile {
  let path: String

  /// A longer file is no token.
  private static let bytesMax = 64 << 10

  /// - Throws: when there is no token in it; the message does not show what is.
  func token() throws(InvalidPortalSetting) -> Secret {
    guard let file = FileHandle(forReadingAtPath: path), kind != S_IFDIR,
      let data = try? file.read(upToCount: Self.bytesMax + 1) ?? Data(),
      data.count <= Self.bytesMax, let text = String(validating: data, as: UTF8.self)
    else {
      throw InvalidPortalSetting(message: "portal.token-file \(path) cannot be read.")
    }
    let token = Secret(text)
    guard !token.value.isEmpty else {
      throw InvalidPortalSetting(
        message: "portal.token-file \(path) is empty; put the token there, or unset the setting.")
    }
    return token
  }

  /// Whether any user of this machine may read it.
  var isWorldReadable: Bool { (mode ?? 0) & S_IROTH != 0 }

  private var kind: mode_t? { mode.map { $0 & S_IFMT } }

  private var mode: mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode : nil
  }
}
