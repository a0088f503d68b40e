// swift-tools-version: 6.2
import PackageDescription

let ours: [SwiftSetting] = [
  .treatAllWarnings(as: .error)
]

let package = Package(
  name: "donl-mirror",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "donl-mirror", targets: ["donl-mirror"]),
    .executable(name: "sample-portal", targets: ["sample-portal"]),
    .executable(name: "random-portal", targets: ["random-portal"]),
    .library(name: "DONLMirror", targets: ["DONLMirror"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(
      name: "DONLMirror",
      dependencies: [
        "CKANServer",
        .target(name: "CLinux", condition: .when(platforms: [.linux])),
        "CSerd",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Yams", package: "Yams"),
      ],
      resources: [
        .embedInCode("Catalog/fields.csv"),
        .embedInCode("Catalog/value-lists.csv"),
        .embedInCode("Serve/Templates/dataset.mustache"),
        .embedInCode("Serve/Templates/layout.mustache"),
        .embedInCode("Serve/Templates/list.mustache"),
        .embedInCode("Serve/Templates/lists.mustache"),
        .embedInCode("Serve/Templates/missing.mustache"),
        .embedInCode("Serve/Templates/owner.mustache"),
        .embedInCode("Serve/Templates/owners.mustache"),
        .embedInCode("Serve/Templates/runs.mustache"),
        .embedInCode("Serve/Templates/search.mustache"),
        .embedInCode("Serve/Templates/start.mustache"),
        .embedInCode("Serve/Templates/style.css"),
        .embedInCode("Serve/Templates/theme.mustache"),
        .embedInCode("Serve/Templates/themes.mustache"),
        .embedInCode("Store/Schema/schema.sql"),
        .embedInCode("Store/Schema/indexes.sql"),
        .embedInCode("Store/Schema/views.sql"),
        .embedInCode("Store/Schema/views-quality.sql"),
        .embedInCode("Store/Schema/views-values.sql"),
        .embedInCode("Store/Schema/views-lists.sql"),
        .embedInCode("Store/Schema/views-labels.sql"),
      ],
      swiftSettings: ours
    ),
    .executableTarget(
      name: "donl-mirror",
      dependencies: [
        "DONLMirror",
        "SamplePortal",
        .target(name: "CLinux", condition: .when(platforms: [.linux])),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: ours
    ),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CSerd", pkgConfig: "serd-0", providers: [.apt(["libserd-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "CKANServer",
      dependencies: [
        "CZlib",
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: ours
    ),
    .target(
      name: "SamplePortal",
      dependencies: [
        "CKANServer",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: ours
    ),
    .executableTarget(
      name: "sample-portal",
      dependencies: [
        "SamplePortal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: ours
    ),
    .target(
      name: "RandomPortal",
      dependencies: [
        "DONLMirror",
        "SamplePortal",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: ours
    ),
    .executableTarget(
      name: "random-portal",
      dependencies: [
        "RandomPortal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: ours
    ),
    .testTarget(
      name: "DONLMirrorTests",
      dependencies: [
        "CKANServer",
        "DONLMirror",
        "RandomPortal",
        "SamplePortal",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      exclude: ["Contract/Fixtures", "Contract/promised.json", "Normalize/Fixtures"],
      swiftSettings: ours
    ),
    .testTarget(
      name: "SamplePortalTests",
      dependencies: [
        "CKANServer",
        "SamplePortal",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: ours
    ),
  ],
  swiftLanguageModes: [.v6]
)
