"""The ops of a plan as Python objects, and what they raise."""
