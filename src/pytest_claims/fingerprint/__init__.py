"""Hash all that determines the runs of a declaration. This package knows no engine and no store."""
