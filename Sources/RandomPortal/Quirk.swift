import SamplePortal

/// What a portal, or the gateway before it, does wrongly all the time.
enum Quirk: Sendable, Equatable {
  case rowsCap(Int)
  /// More rows than this are an error.
  case rowsLimit(Int, Refusal)
  case ignoresStart
  /// `start` is silently held to this.
  case clampsStart(Int)
  /// A `start` beyond this is an error (ckan/ckan#7705).
  case startWindow(Int, Refusal)
  case refusesFields(Refusal)
  case ignoresFields
  case cappedList(Int)
  case refusesList(Refusal)
  case refusesShow(Refusal)
  case refusesDateFilter(Refusal)
  case ignoresDateFilter
  case ignoresFilters
  case filtersMatchNothing
  case refusesCounting(Refusal)
  case refusesAlternatives(Refusal)
  case longestQuery(Int, Refusal)
  case sendsNoDate
  case ignoresSort

  /// How a question is refused.
  enum Refusal: Sendable, Equatable, CaseIterable {
    case badRequest, validation, solr, forbiddenPage, forbidden, notAllowed, notFoundPage, tooLong
    case broken, badGateway, timeout, pageInstead

    var answer: SamplePortal.Answer {
      switch self {
      case .badRequest: .envelope(400, "Search Query Error")
      case .validation: .envelope(409, "Validation Error")
      case .solr: .envelope(409, "Search Error")
      case .forbidden: .envelope(403, "Authorization Error")
      case .forbiddenPage: .page(403)
      case .notAllowed: .page(405)
      case .notFoundPage: .page(404)
      case .tooLong: .page(414)
      case .broken: .page(500)
      case .badGateway: .page(502)
      case .timeout: .page(504)
      case .pageInstead: .page(200)
      }
    }
  }

  static func random(_ chance: inout Chance) -> Quirk {
    let refusal = chance.one(of: Refusal.allCases, else: .broken)
    let all: [Quirk] = [
      .rowsCap(chance.within(1...6)), .rowsLimit(chance.within(2...40), refusal),
      .ignoresStart, .clampsStart(chance.within(1...20)),
      .startWindow(chance.within(2...30), refusal), .refusesFields(refusal), .ignoresFields,
      .cappedList(chance.within(1...10)), .refusesList(refusal), .refusesShow(refusal),
      .refusesDateFilter(refusal), .ignoresDateFilter, .ignoresFilters, .filtersMatchNothing,
      .refusesCounting(refusal), .refusesAlternatives(refusal),
      .longestQuery(chance.within(150...400), refusal), .sendsNoDate, .ignoresSort,
    ]
    return chance.one(of: all, else: .sendsNoDate)
  }

  /// What this portal cannot answer can be asked in another way that proves the same.
  var canBeWorkedAround: Bool {
    switch self {
    // Pages of one record have no seams.
    case .rowsCap(let cap): cap > 1
    // It looks as if the portal were down, or not there: that may pass.
    case .refusesFields(let refusal): ![.timeout, .badGateway, .notFoundPage].contains(refusal)
    default: true
    }
  }

  /// The request as this portal understands it.
  func understood(_ request: SamplePortal.Request) -> SamplePortal.Request {
    guard request.action == "package_search" else { return request }
    switch self {
    case .ignoresStart: return request.with("start", nil)
    case .clampsStart(let most): return request.with("start", String(min(request.start, most)))
    case .ignoresFields: return request.with("fl", nil)
    case .ignoresDateFilter where request.filtersDates: return request.with("fq", nil)
    default: return request
    }
  }

  /// The refusal of a request, if this portal refuses it.
  func refusal(of request: SamplePortal.Request) -> SamplePortal.Answer? {
    switch (self, request.action) {
    case (.rowsLimit(let most, let refusal), "package_search") where request.rows > most:
      refusal.answer
    case (.startWindow(let most, let refusal), "package_search") where request.start > most:
      refusal.answer
    case (.refusesFields(let refusal), "package_search") where request["fl"] != nil:
      refusal.answer
    case (.refusesList(let refusal), "package_list"): refusal.answer
    case (.refusesShow(let refusal), "package_show"): refusal.answer
    case (.refusesDateFilter(let refusal), "package_search") where request.filtersDates:
      refusal.answer
    case (.refusesCounting(let refusal), "package_search") where request.rows == 0:
      refusal.answer
    case (.refusesAlternatives(let refusal), "package_search")
    where request["fq"]?.contains(" OR ") ?? false:
      refusal.answer
    case (.longestQuery(let most, let refusal), _) where request.query.utf8.count > most:
      refusal.answer
    default: nil
    }
  }

  func change(_ settings: inout SamplePortal.Settings) {
    switch self {
    case .rowsCap(let cap): settings.rowsCap = cap
    case .ignoresFilters: settings.ignoresFilter = true
    case .filtersMatchNothing: settings.filterMatchesNothing = true
    case .sendsNoDate: settings.showsDate = false
    case .ignoresSort: settings.ignoresSort = true
    default: break
    }
  }
}

extension SamplePortal.Request {
  var start: Int { self["start"].flatMap { Int($0) } ?? 0 }
  var rows: Int { self["rows"].flatMap { Int($0) } ?? 10 }
  var filtersDates: Bool { self["fq"]?.contains("metadata_modified") ?? false }
  /// A page of the walk that reads whole records.
  var isRecordPage: Bool {
    action == "package_search" && self["fl"] == nil && self["sort"] == "id asc" && rows > 0
  }
  /// A page of ids and stamps, or the list of names.
  var isCensus: Bool {
    action == "package_list"
      || (self["fl"] != nil && self["sort"] == "id asc" && rows > 1
        && self["fq"]?.contains("metadata_modified") != true
        && self["fq"]?.contains("\"") != true)
  }
}

extension SamplePortal.Answer {
  static func envelope(_ status: Int, _ type: String) -> SamplePortal.Answer {
    json(status, #"{"success": false, "error": {"__type": "\#(type)", "message": "Geweigerd"}}"#)
  }

  static func json(_ status: Int, _ body: String) -> SamplePortal.Answer {
    SamplePortal.Answer(
      status: status, headers: [.init(name: "Content-Type", value: "application/json")],
      body: .init(string: body))
  }

  static func page(_ status: Int) -> SamplePortal.Answer {
    SamplePortal.Answer(
      status: status, headers: [.init(name: "Content-Type", value: "text/html")],
      body: .init(string: "<!DOCTYPE html><html><body><h1>\(status)</h1></body></html>"))
  }
}
