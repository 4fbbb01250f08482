"""Content Credentials (C2PA) sign images so that tampering shows, and sign sidecars for other files."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.optional.libraries import need

ASSERTION = "org.style3d.provenance"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
SIGNED = ("image/png", "image/jpeg", "image/webp")
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@final
@dataclass(frozen=True)
class Credentials:
    """Whose signature images get. Concretely: studio.key (ES256) with the chain of certificates studio.pem."""

    key: Path  # PEM, not encrypted
    certificate: Path  # PEM, the signer's first, then those that vouch for it

    def sign_image(self, content: bytes, kind: str, title: str, told: dict[str, Any]) -> bytes:
        """The image with a signed manifest inside; pixels are untouched.

        Args:
            content: a PNG, JPEG or WebP file.
            kind: its media type.
            title: what the manifest calls it.
            told: plain values that are signed with it.

        Raises:
            Style3DError: c2pa-python is not installed, or the key and certificate do not serve.
        """
        return self._sign(content, kind, title, told, embed=True)[0]

    def sidecar(self, content: bytes, kind: str, title: str, told: dict[str, Any]) -> bytes:
        """A signed manifest of its own (a .c2pa file) that is bound to an image without one. Errors: `sign_image`."""
        return self._sign(content, kind, title, told, embed=False)[1]

    def check(self) -> None:
        """Refuse early what `sign_image` would refuse.

        Raises:
            Style3DError: see `sign_image`.
        """
        pixel = io.BytesIO()
        from PIL import Image

        Image.new("RGB", (1, 1)).save(pixel, format="PNG")
        self.sign_image(pixel.getvalue(), "image/png", "check", {})

    def _sign(self, content: bytes, kind: str, title: str, told: dict[str, Any], *, embed: bool) -> tuple[bytes, bytes]:
        c2pa = _library()
        key, certificate = read_bytes(self.key, 1 << 20), read_bytes(self.certificate, 1 << 20)
        info = c2pa.C2paSignerInfo(_algorithm(key, self.key).encode(), certificate, key, None)
        out = io.BytesIO()
        try:
            with c2pa.Signer.from_info(info) as signer, c2pa.Builder(_manifest(title, kind, told)) as builder:
                if not embed:
                    builder.set_no_embed()
                manifest = builder.sign(signer, kind, io.BytesIO(content), out)
        except c2pa.C2paError as error:
            hint = "give a certificate for e-mail protection or C2PA, with its chain, that fits the key"
            raise Style3DError(f"{self.certificate.name} cannot sign", got=str(error)[:200], hint=hint) from None
        return out.getvalue(), bytes(manifest)


def state(content: bytes, kind: str) -> str:
    """What a signed image's manifest says of it: "intact", "altered", or why nobody can tell."""
    try:
        c2pa = _library()
    except Style3DError as error:
        return str(error)
    try:
        with c2pa.Reader(kind, io.BytesIO(content)) as reader:
            return "intact" if reader.get_validation_state() in ("Valid", "Trusted") else "altered"
    except c2pa.C2paError:
        return "altered"


def _library() -> Any:
    return need("c2pa", what="signing")


def _algorithm(key: bytes, path: Path) -> str:
    """C2PA's name for what a private key does."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise Style3DError(f"{path.name} holds no private key", got=error, expected="PEM, not encrypted") from None
    if isinstance(found, ec.EllipticCurvePrivateKey) and found.curve.name in CURVES:
        return CURVES[found.curve.name]
    if isinstance(found, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(found, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise Style3DError(f"{path.name} has a format that C2PA cannot sign", expected="ES256, ES384, PS256 or Ed25519")


def _manifest(title: str, kind: str, told: dict[str, Any]) -> str:
    made = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}
    return json.dumps(
        {
            "claim_generator_info": [{"name": "style3d"}],
            "title": title,
            "format": kind,
            "assertions": [
                {"label": "c2pa.actions", "data": {"actions": [made]}},
                {"label": ASSERTION, "data": told},
            ],
        }
    )
