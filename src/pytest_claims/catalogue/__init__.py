"""What authors write: arms, claims, published logs, and the list of assertions. It knows nothing of training."""
