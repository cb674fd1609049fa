"""From claims to a plan: which runs they need, on which seeds, by whom, and what these cost. It trains nothing."""
