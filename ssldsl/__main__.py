"""`python -m ssldsl`, and `accelerate launch -m ssldsl`."""

from ssldsl.cli import main

main()
