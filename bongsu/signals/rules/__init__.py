"""What may come in, what belongs together, what it probably is, and what becomes of a proposal. Plain values only."""
