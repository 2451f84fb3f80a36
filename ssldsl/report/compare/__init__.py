"""Runs compared over their seeds."""
