import Testing

@testable import DONLMirror
@testable import SamplePortal

@Test func stub() { #expect(Bool(true)) }
