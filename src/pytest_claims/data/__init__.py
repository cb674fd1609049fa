"""Data sets on disk: found, checked, downloaded, cached. It knows no data set by name, and no arm."""
