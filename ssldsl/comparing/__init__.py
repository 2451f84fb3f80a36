"""What an experiment means, and what differs between two: read off checked programs, never off graphs."""
