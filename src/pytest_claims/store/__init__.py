"""The store: runs on disk, shared by processes. This package knows neither claims nor training."""
