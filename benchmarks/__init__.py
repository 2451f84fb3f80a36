"""How fast compiled steps are beside hand-written ones, and how fast the front end answers: `python -m benchmarks`."""
