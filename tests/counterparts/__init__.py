"""Real servers that tests talk to. Standard library only: `dev.py` uses the PostgreSQL one before anything is installed."""
