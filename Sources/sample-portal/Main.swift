import ArgumentParser
import SamplePortal

@main
struct Main: AsyncParsableCommand {
  func run() async throws { print(SampleStub()) }
}
