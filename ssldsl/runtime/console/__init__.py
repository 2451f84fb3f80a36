"""What a person sees of a run, and how they stop it."""
