"""Puts the helpers of this folder, `op_inputs.py` and `small_nets.py`, on the path of the tests below it."""
