"""Signed textures: intact as written, altered after a byte changes; a sidecar that vouches for the asset."""

from __future__ import annotations

import datetime
import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from style3d.cli import main
from style3d.errors import Style3DError
from style3d.mesh.credentials import ASSERTION, Credentials, state
from tests.helpers.gltf_maker import image_of, read_glb
from tests.helpers.validator import assert_valid
from tests.mesh.test_commands import QUICK, desk

c2pa = pytest.importorskip("c2pa", reason="c2pa-python is not installed (pip install 'style3d[c2pa]')")
__all__ = ["desk"]  # the fixture


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    """A key with a certificate that an authority made on the spot vouches for."""
    from cryptography.hazmat.primitives import serialization as pem
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("keys")
    authority, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    chain = [certificate("signer", signer, authority, False), certificate("authority", authority, authority, True)]
    secret = signer.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    (folder / "chain.pem").write_bytes(b"".join(item.public_bytes(pem.Encoding.PEM) for item in chain))
    return Credentials(folder / "key.pem", folder / "chain.pem")


def certificate(name: str, own: Any, issuer: Any, authority: bool) -> Any:
    """What C2PA asks for: version 3, e-mail protection, key identifiers."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def titled(common: str) -> Any:
        parts = [(NameOID.COMMON_NAME, common), (NameOID.ORGANIZATION_NAME, "tests")]
        return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])

    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    built = x509.CertificateBuilder(titled("authority"), titled(name), own.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now - day).not_valid_after(now + day)
    usage = x509.KeyUsage(not authority, False, False, False, False, authority, authority, False, False)
    built = built.add_extension(x509.BasicConstraints(authority, None), True).add_extension(usage, True)
    built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False)
    built = built.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), False)
    if not authority:
        built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    return built.sign(issuer, hashes.SHA256())


def embedded(path: Path, index: int) -> bytes:
    found, data = read_glb(path)
    view = found["bufferViews"][found["images"][index]["bufferView"]]
    return data[view.get("byteOffset", 0) :][: view["byteLength"]]


def test_signed_asset(desk: Path, credentials: Credentials, capsys: pytest.CaptureFixture) -> None:
    """Signed pixels are those painted without a signature; every changed byte shows; the sidecar tells the hash."""
    job = ["mesh", "quad é.glb", "--style", "oil.png", *QUICK]
    assert main([*job, "--output", "plain.glb"]) == 0
    keys = ["--sign-key", str(credentials.key), "--sign-certificate", str(credentials.certificate)]
    assert main([*job, "--output", "out.glb", *keys]) == 0
    assert_valid(desk / "out.glb", desk / "quad é.glb")
    np.testing.assert_array_equal(image_of(desk / "out.glb", 0), image_of(desk / "plain.glb", 0))
    content = embedded(desk / "out.glb", 0)
    assert state(content, "image/png") == "intact"
    for place in (len(content) - 20, content.index(b"oil.png")):
        altered = bytearray(content)
        altered[place] ^= 1
        assert state(bytes(altered), "image/png") == "altered"
    capsys.readouterr()
    assert main(["inspect", "out.glb"]) == 0
    assert "signed (C2PA: intact)" in capsys.readouterr().out
    assert main(["diff", "quad é.glb", "out.glb"]) == 0
    sheet, sidecar = (desk / "out.contact-sheet.png").read_bytes(), (desk / "out.c2pa").read_bytes()
    reader = c2pa.Reader("image/png", io.BytesIO(sheet), manifest_data=sidecar)
    assert reader.get_validation_state() == "Valid"
    found = json.loads(reader.json())
    told = {a["label"]: a["data"] for a in found["manifests"][found["active_manifest"]]["assertions"]}
    assert told[ASSERTION]["asset"]["sha256"] == sha256((desk / "out.glb").read_bytes()).hexdigest()


def test_bad_keys_are_refused_early(desk: Path, credentials: Credentials, capsys: pytest.CaptureFixture) -> None:
    """Before anything is painted, in one line."""
    job = ["mesh", "quad é.glb", "--style", "oil.png", "--output", "out.glb", *QUICK]
    key, chain = str(credentials.key), str(credentials.certificate)
    for wrong in (["--sign-key", key], ["--sign-key", "oil.png", "--sign-certificate", chain],
                  ["--sign-key", key, "--sign-certificate", key]):  # fmt: skip
        assert main([*job, *wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 3
    assert not list(desk.glob("out*"))
    with pytest.raises(Style3DError):
        Credentials(Path("nothing.pem"), credentials.certificate).check()
