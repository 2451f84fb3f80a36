"""Where the shipped folders lie: the standard library, the grammar, the example specs."""

from pathlib import Path

PACKAGE = Path(__file__).parent
STDLIB = PACKAGE / "stdlib"
GRAMMARS = PACKAGE / "grammars"
SPECS = PACKAGE / "specs"
PAPERS = STDLIB / "papers.bib"
