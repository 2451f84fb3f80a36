"""Data sets opened, measured, derived, shuffled and fed to a step."""
