"""Plans for claims: the runs they need, their seeds, their division among workers, and their cost. Trains nothing."""
