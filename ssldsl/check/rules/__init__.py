"""What must hold of a stage or a file that has been read."""
