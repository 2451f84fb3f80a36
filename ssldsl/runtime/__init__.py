"""A plan carried out: from first weights to the files of a run folder."""
