@testable import DONLMirror

extension Normalizer {
  /// Knows the fields of DONL 1.0 that hold URIs, and a few of DONL 1.1.
  static func register() throws -> Normalizer {
    let lines = [
      "dataset,theme,uri list,Overheid:TaxonomieBeleidsagenda",
      "dataset,theme_facet,uri,Overheid:TaxonomieBeleidsagenda",
      "dataset,subtheme_facet,uri,Overheid:TaxonomieBeleidsagenda",
      "dataset,theme_displayname,display name,,,,,,theme",
      "dataset,maintainer,uri,DONL:Organization",
      "dataset,maintainer_facet,uri,DONL:Organization",
      "dataset,authority,uri,DONL:Organization",
      "dataset,identifier,uri",
      "dataset,license_id,uri,DONL:License",
      "dataset,license_title,display name,,,,,,license_id",
      "dataset,landingpage,uri",
      "dataset,spatial_scheme,uri list,Overheid:SpatialScheme",
      "dataset,spatial_value,uri list,@spatial_scheme",
      "dataset,version_notes,text list",
      "dataset,contact_point_name,text",
      "resource,format,uri,MDR:FiletypeNAL",
      "resource,language,uri list,DONL:Language",
      "resource,url,uri",
    ]
    let rows = lines.map { $0 + String(repeating: ",", count: 11 - $0.count { $0 == "," }) }
    let csv = ([FieldTable.header.joined(separator: ",")] + rows).joined(separator: "\n")
    return Normalizer(fields: try FieldTable(csv: csv))
  }
}
