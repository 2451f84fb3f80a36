"""Smoke runs: a few tiny steps on made-up data."""
