"""The parts that authors write: arms, claims, published logs, and the list of assertions. Nothing here trains."""
