"""One alert, all the way: the walk of the house plan, section 6, in steps that a test calls by name."""
