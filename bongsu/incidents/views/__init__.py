"""Pages and acts of incidents."""
