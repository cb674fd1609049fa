"""Words, errors, files, numbers and random streams that every package may use. This package imports no other one."""
