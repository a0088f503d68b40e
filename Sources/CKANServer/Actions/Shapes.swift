/// A license as `license_list` has it (`ckan/model/license.py`). What nobody says of it is as CKAN has it then; its
/// conformance is never reviewed.
package struct ServedLicense: Sendable {
  package var id: String
  package var title: String
  package var url: String

  package init(id: String, title: String, url: String) {
    self.id = id
    self.title = title
    self.url = url
  }

  package var json: JSON {
    [
      "domain_content": false, "id": .string(id), "domain_data": false, "domain_software": false,
      "family": "", "is_generic": false, "od_conformance": "not reviewed",
      "osd_conformance": "not reviewed", "maintainer": "", "status": "active",
      "url": .string(url), "title": .string(title),
    ]
  }
}

/// A site as `status_show` has it.
package struct ServedSite: Sendable {
  package var title: String?
  package var url: String
  package var ckanVersion: String?
  package var extensions: [String]

  package init(title: String?, url: String, ckanVersion: String?, extensions: [String]) {
    self.title = title
    self.url = url
    self.ckanVersion = ckanVersion
    self.extensions = extensions
  }

  var json: JSON {
    [
      "site_title": .text(title), "site_description": "", "site_url": .string(url),
      "error_emails_to": nil, "locale_default": "nl", "extensions": .strings(extensions),
      "ckan_version": .text(ckanVersion),
    ]
  }
}

/// A change as `ckanext-activity` tells it.
package struct ServedActivity: Sendable {
  package enum Kind: String, Sendable { case new, changed, deleted }

  package var id: String
  package var kind: Kind
  /// UTC, which CKAN's stamps do not say.
  package var timestamp: String
  package var packageID: String
  package var name: String?
  package var title: String?

  package init(
    id: String, kind: Kind, timestamp: String, packageID: String, name: String?, title: String?
  ) {
    self.id = id
    self.kind = kind
    self.timestamp = timestamp
    self.packageID = packageID
    self.name = name
    self.title = title
  }

  var json: JSON {
    [
      "id": .string(id), "timestamp": .string(timestamp), "user_id": "",
      "object_id": .string(packageID), "activity_type": .string("\(kind.rawValue) package"),
      "data": [
        "package": ["id": .string(packageID), "name": .text(name), "title": .text(title)]
      ],
    ]
  }
}

extension JSON {
  fileprivate static func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
}
