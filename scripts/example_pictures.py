"""The pictures of the examples: runs each, and keeps what it shows as a small WebP in examples/pictures/.

python scripts/example_pictures.py [--only 03]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 640  # pixels


def main() -> int:
    """One picture an example: its contact sheet, or the image that it writes itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    for example in sorted((ROOT / "examples").glob(f"{options.only}*.py")):
        subprocess.run([sys.executable, str(example)], cwd=ROOT, check=True)
        sheet = ROOT / "out" / f"{example.stem}.contact-sheet.png"
        image = Image.open(sheet if sheet.is_file() else sheet.with_name(f"{example.stem}.png")).convert("RGB")
        image.thumbnail((WIDTH, WIDTH))
        target = ROOT / "examples" / "pictures" / f"{example.stem}.webp"
        target.parent.mkdir(exist_ok=True)
        image.save(target, quality=80)
        print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
