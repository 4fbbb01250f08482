"""`python -m style3d` runs the command where its script is not on the path."""

import sys

from style3d.cli import main

sys.exit(main())
