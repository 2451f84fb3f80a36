"""A stage trained: loop, optimizer, state, first weights."""
