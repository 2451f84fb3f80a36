"""Drawn figures: series, charts, scatter plots."""
