"""Pages of channels, updates and notices."""
