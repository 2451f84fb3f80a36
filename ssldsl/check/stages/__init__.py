"""Stages: one setting, one reader."""
