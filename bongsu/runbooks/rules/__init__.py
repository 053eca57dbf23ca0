"""What may be done with steps, containments and verifications, and why not. Plain values only."""
