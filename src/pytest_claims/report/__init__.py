"""Reports for people: a page, tables, drawings and slides. They need only a record, and compute no verdict."""
