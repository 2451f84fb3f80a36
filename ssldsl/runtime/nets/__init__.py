"""Networks, their moving averages, memories and normalization layers."""
