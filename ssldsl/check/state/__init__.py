"""What the floors of the checker share: the context, names and scopes, reports, values, and the settings of a stage."""
