"""The Khronos glTF-Validator checks written files where node and its package `gltf-validator` are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

SCRIPT = """
const fs = require('fs'), path = require('path'), validator = require('gltf-validator');
(async () => {
  for (const file of process.argv.slice(1)) {
    const load = uri => fs.promises.readFile(path.join(path.dirname(file), decodeURIComponent(uri)));
    let found;
    try {
      const options = {uri: path.basename(file), externalResourceFunction: load, maxIssues: 0};
      const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)), options);
      found = report.issues.messages.map(m => [m.severity, m.code, m.pointer || '', m.message]);
    } catch (error) { found = [[0, 'UNREADABLE', '', String(error)]]; }
    console.log(JSON.stringify(found));
  }
})();
"""
BESIDE = Path(__file__).resolve().parents[3]  # of a checkout: `make` installs the node package there
Message = tuple[int, str, str, str]  # severity (0 error, 1 warning, 2 information, 3 hint), code, place, text


def why_missing() -> str | None:
    """Why the validator cannot run; None if it can."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not any((place / "gltf-validator").is_dir() for place in node_places()):
        return "the node package is absent: npm install --no-save gltf-validator"
    return None


def validate(*files: Path) -> list[list[Message]]:
    """What the validator says of each file.

    Concretely: ``validate(Path("fox.glb"))[0]`` is ``[]`` for a clean file.
    """
    environment = {**os.environ, "NODE_PATH": os.pathsep.join(map(str, node_places()))}
    command = ["node", "-e", SCRIPT, *(str(path.resolve()) for path in files)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=300)
    return [[(m[0], m[1], m[2], m[3]) for m in json.loads(line)] for line in done.stdout.splitlines()]


def new_problems(before: Sequence[Message], after: Sequence[Message]) -> list[Message]:
    """Errors and warnings of ``after`` that ``before`` does not have as often."""
    left = Counter(code for severity, code, _, _ in before if severity <= 1)
    found = []
    for message in after:
        if message[0] <= 1:
            if left[message[1]]:
                left[message[1]] -= 1
            else:
                found.append(message)
    return found


def node_places() -> list[Path]:
    """Where node packages may lie."""
    named = os.environ.get("NODE_PATH", "")
    folders = [Path(place) for place in named.split(os.pathsep) if place]
    return [*folders, BESIDE / "node_modules", Path.cwd() / "node_modules"]
