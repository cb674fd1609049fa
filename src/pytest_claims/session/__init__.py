"""What pytest's hooks share: options, selection, looks, outcomes, workers. It alone knows xdist's protocol."""
