"""Semi- and self-supervised learning experiments as a small typed language, compiled to training graphs."""

__version__ = "0.1.0"
