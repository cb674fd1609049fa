"""Runs, quantities and verdicts. This package knows neither pytest nor how runs are made."""
