"""The files of a run folder: what is written there, and how it is read again."""
