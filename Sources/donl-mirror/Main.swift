import ArgumentParser
import DONLMirror
import SamplePortal
import UnixSignals

@main
struct Main: AsyncParsableCommand {
  func run() async throws { print(toolVersion, SampleStub()) }
}
