"""The shared state of pytest's hooks: options, selection, looks, outcomes, workers. Only it uses xdist's protocol."""
