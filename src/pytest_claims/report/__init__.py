"""What people read: a page, tables, drawings and slides, all from a record alone. It computes no verdict."""
