"""Metrics and other evaluations of a network as it stands."""
