"""The command ``pytest-claims``: all tasks without a test run."""
