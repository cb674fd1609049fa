"""The record of a session, ``claims.json``: its schema, and how it is built from values. It writes no file."""
