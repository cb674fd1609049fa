"""The store: runs on disk, shared by processes. It knows neither claims nor training."""
