"""The command ``pytest-claims``: what needs no test run."""
