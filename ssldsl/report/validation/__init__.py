"""Whether a tiny validation set would have chosen the same run."""
