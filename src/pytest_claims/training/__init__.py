"""Runs a plan: here, or on the workers of a Dask scheduler. It knows no claim."""
