"""Edits of a spec, from tree to tree: no value is known here."""
