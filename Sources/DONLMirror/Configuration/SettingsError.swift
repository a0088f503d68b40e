/// A mistake in the configuration (exit code 78): one sentence that names the place, what stands
/// there, and what is accepted. Secrets do not appear in it.
public struct SettingsError: Error, Equatable, CustomStringConvertible {
  public let message: String

  public var description: String { message }

  init(_ message: String) {
    self.message = message
  }
}
