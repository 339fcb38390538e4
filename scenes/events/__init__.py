"""Events: what several objects do to one another, one kind per file."""
