#if os(Linux)
  import CLinux
#endif

/// The library, as this process wants it.
enum SQLite {
  /// SQLite counts what it has allocated, for whoever asks: under one lock for all connections. Nobody asks here,
  /// and connections on several threads wait for it. It must be said before the first use of the library in a
  /// process; later it has no effect.
  static let countNoMemory: Void = {
    #if os(Linux)
      _ = sqlite_count_no_memory()
    #endif
  }()
}
