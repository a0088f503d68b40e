import GRDB

extension Store {
  func write(_ groups: [CatalogGroup], as kind: GroupKind, at now: String) throws {
    try write { _ in
      for group in groups { try writer.write(group, as: kind, isListed: true, at: now) }
    }
  }

  func write(_ licenses: [License]) throws {
    try write { db in
      for license in licenses {
        try db.execute(
          sql: """
            INSERT INTO licenses (id, title, url) VALUES (?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET title = excluded.title, url = excluded.url
            """, arguments: [license.id, license.title, license.url])
      }
    }
  }

  func write(_ status: PortalStatus) throws {
    try write { db in
      if let version = status.ckanVersion { try setMeta("ckan_version", version, in: db) }
      if let title = status.siteTitle { try setMeta("portal_title", title, in: db) }
    }
  }
}
