"""Every message of the checker, one function each: `names` N2xx, `types` T3xx, `dataflow` D4xx, `stages` D5xx, L6xx.

A function says in its parameters what the message depends on. It decides nothing: whether something is wrong, and
where, is for its caller to know.
"""
