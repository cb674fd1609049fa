"""From numbers to coordinates: the figures of the page."""
