"""Specs in an editor, by the Language Server Protocol: what is wrong, what a name is, where it is from."""
