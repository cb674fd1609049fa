"""Words, errors, files, numbers and random streams that every package may use. It knows no other package."""
