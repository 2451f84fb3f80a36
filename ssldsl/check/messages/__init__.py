"""Every message of the checker, one function each, a file for each family of codes.

A function says in its parameters what the message depends on. It decides nothing: whether something is wrong, and
where, is for its caller to know.
"""
