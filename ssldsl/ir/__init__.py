"""A checked experiment as data: nodes, programs, and the ways through them. It knows neither trees nor steps."""
