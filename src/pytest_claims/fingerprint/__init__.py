"""From a declaration to a hash of all that decides its runs. It knows no engine and no store."""
