import Foundation
import RandomPortal
import Testing

/// A sample of what `Scripts/random-portal` tries at length.
@Suite("A portal that answers at random")
struct FieldRandomPortalTests {
  @Test("breaks no promise in a few short histories")
  func promises() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "donl-mirror-random-\(UUID().uuidString)")
    try await Teller.using(folder: folder) { teller in
      for seed in UInt64(1)...40 {
        let tale = await teller.tell(seed)

        #expect(tale.violation == nil, "seed \(seed): Scripts/random-portal --seed \(seed)")
      }
    }
  }

  @Test("is the same again for the same seed, and shorter where only some of it happens")
  func replay() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "donl-mirror-random-\(UUID().uuidString)")
    try await Teller.using(folder: folder) { teller in
      let first = await teller.tell(7)
      let second = await teller.tell(7)
      let part = await teller.tell(7, kept: .only(Set(first.happened.prefix(3))))

      #expect(first.log == second.log)
      #expect(first.happened == second.happened)
      #expect(!first.happened.isEmpty)
      #expect(Set(part.happened).isSubset(of: first.happened.prefix(3)))
    }
  }
}
