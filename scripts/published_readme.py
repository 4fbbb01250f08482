"""The README as a package index shows it: every link and picture with its full address, at a tag. A release runs this.

python scripts/published_readme.py https://github.com/OWNER/style3d v1.0.0 > published.md
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|#|mailto:)([^)\s]+)\)")


def main() -> int:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", help="its address")
    parser.add_argument("tag", help="the release's tag")
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    print(absolute_links((ROOT / "README.md").read_text(encoding="utf-8"), options.repository, options.tag), end="")
    return 0


def absolute_links(text: str, repository: str, tag: str) -> str:
    """Markdown whose relative links lead to a repository: pictures to the files, other links to pages."""

    def absolute(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        return f"{mark}[{words}]({repository.rstrip('/')}/{'raw' if mark else 'blob'}/{tag}/{target})"

    return TARGET.sub(absolute, text)


if __name__ == "__main__":
    sys.exit(main())
