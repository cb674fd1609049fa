"""Trains the runs of a plan, here or on the workers of a Dask scheduler. It does not depend on claims."""
