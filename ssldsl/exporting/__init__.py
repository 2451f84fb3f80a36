"""What a run has learned, in the forms of other libraries: their weight files, traced programs, a card beside them."""
