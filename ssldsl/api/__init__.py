"""The package from Python and notebooks: experiments that one loads, edits, draws and runs, and the runs they leave.

`ssldsl.load`, `ssldsl.loads` and `ssldsl.open_run` are the doors; `%load_ext ssldsl` brings the cell magic `%%ssl`.
"""
