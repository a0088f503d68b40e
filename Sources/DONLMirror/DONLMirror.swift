/// The version of this program, as it appears in the User-Agent and in `meta.tool_version`.
public let toolVersion = "0.1.0"
