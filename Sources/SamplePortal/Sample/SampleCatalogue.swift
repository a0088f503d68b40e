extension Catalogue {
  /// The days of the shipped sample.
  public static let sampleDays = 1...2

  public static func sample(day: Int) -> Catalogue { Catalogue() }
}
