"""Every page for people has one frame: it opens from disk, needs no network, and runs no script but its own."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template

ROOM = "style3d.evaluate.report"
PICTURE = "data:image/jpeg;base64,"


def base_page(title: str, body: str, style: str, script: str = "") -> str:
    """The whole document.

    Args:
        title: plain text.
        body: HTML whose text is escaped.
        style: CSS beside the frame's own.
        script: JavaScript that runs after the one of `before_and_after`.
    """
    code = text_of(ROOM, "compare.js") + script
    digest = b64encode(sha256(code.encode()).digest()).decode("ascii")  # the browser runs this script and no other
    frame = Template(text_of(ROOM, "base.html"))
    return frame.substitute(title=escape(title), style=style, body=body, script=code, digest=digest)


def text_of(room: str, name: str) -> str:
    """A file of the package."""
    return files(room).joinpath(name).read_text(encoding="utf-8")


def before_and_after(before: str, after: str, name: str) -> str:
    """Two pictures over each other with a slider; nothing where one is no picture.

    Args:
        before, after: data URIs of JPEGs.
        name: of what they show.
    """
    if not all(picture.startswith(PICTURE) for picture in (before, after)):
        return ""
    shown = escape(name)
    return (
        f'<figure class="compare"><img alt="{shown}, painted" src="{escape(after)}">'
        f'<img class="over" alt="{shown}, original" src="{escape(before)}">'
        f'<input type="range" min="0" max="100" value="50" aria-label="{shown}, original to painted"></figure>'
    )
