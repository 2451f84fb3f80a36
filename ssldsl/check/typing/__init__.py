"""What an edge takes and what comes out: kinds, sizes, labels, agreement of the inputs."""
