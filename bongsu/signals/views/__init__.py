"""Doors of signals: the address senders post to, and the pages."""
