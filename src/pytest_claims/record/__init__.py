"""The record of a session, ``claims.json``: its schema, and a function that builds it from values. Writes no file."""
