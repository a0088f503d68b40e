import Foundation

/// A reader that is given whatever libFuzzer thinks of, with what it promises of any bytes.
///
/// `Scripts/fuzz` compiles this folder together with the readers; `FUZZ_TARGET` names the one that
/// the process is for.
enum FuzzTarget: String {
  case splitter, record, date, list
  case retryAfter = "retry-after"
  case valueList = "value-list"

  static let chosen =
    ProcessInfo.processInfo.environment["FUZZ_TARGET"].flatMap(FuzzTarget.init(rawValue:))

  /// Reads the bytes and ends the process when a promise does not hold.
  func check(_ input: [UInt8]) {
    switch self {
    case .splitter: checkSplitter(input)
    case .record: checkRecord(input)
    case .date: checkDates(input)
    case .list: checkLists(input)
    case .retryAfter: checkRetryAfter(input)
    case .valueList: checkValueList(input)
    }
  }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let target = FuzzTarget.chosen else { broken("FUZZ_TARGET names no target") }
  target.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

/// Ends the process, which libFuzzer takes for a finding, unless the promise holds.
func demand(_ holds: Bool, _ promise: @autoclosure () -> String) {
  if !holds { broken(promise()) }
}

func broken(_ promise: String) -> Never {
  FileHandle.standardError.write(Data("BROKEN PROMISE: \(promise)\n".utf8))
  abort()
}
