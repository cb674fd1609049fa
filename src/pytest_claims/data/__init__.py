"""Data sets: find, check, download and cache them. This package knows no data set by name, and no arm."""
