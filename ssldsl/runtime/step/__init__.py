"""A stage of a plan as printed Python, and as the module that runs it."""
