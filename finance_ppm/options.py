"""Options that commands of several modules have, so that they read alike wherever they are met.

Belongs here: an option's name and help. One that a single module's commands have is beside them.
"""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else.")]
