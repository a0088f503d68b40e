import CZlib
import Hummingbird

public struct SampleStub { public init() {} }
