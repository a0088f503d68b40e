import CZlib
import Hummingbird

public struct SampleStub {}
