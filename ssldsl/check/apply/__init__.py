"""What `f(x)`, `x >> f` and `x.f` give, for every kind of value."""
