"""`certificate`, and what `serve --tls` says of one that can't be used."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.verification import PolicyBuilder, Store

from server import certificates, clock
from server.cli.serving import _tls
from server.errors import Refused
from server.listening import Tls, context_of
from server.settings import Settings
from tests.server.cli.conftest import Terminal


def _read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_it_is_for_this_machine_and_the_names_that_were_given(terminal: Terminal) -> None:
    """ADD-3: signed by an authority that is made with it, and trusted through it by name and by address."""
    said = terminal.json(
        "certificate", "--host", "Stock.Example.com", "--host", "10.0.0.7", "--host", "lager.bücher.de"
    )
    names = ["localhost", "stock.example.com", "lager.xn--bcher-kva.de", "127.0.0.1", "::1", "10.0.0.7"]
    assert said["hosts"] == names
    shown, authority = _read(Path(said["certificate"])), _read(Path(said["authority"]))
    shown.verify_directly_issued_by(authority)
    for name in ("localhost", "stock.example.com"):
        checked = PolicyBuilder().store(Store([authority])).build_server_verifier(x509.DNSName(name))
        assert checked.verify(shown, [])[0] == shown


def test_only_the_server_can_read_the_key_and_the_authority_has_none(terminal: Terminal) -> None:
    """SEC-1: nobody can sign anything later that those who trust this authority would believe."""
    said = terminal.json("certificate")
    key = Path(said["key"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert {path.name for path in key.parent.iterdir()} == {"authority.crt", "server.crt", "server.key"}
    authority = _read(Path(said["authority"]))
    limits = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (limits.ca, limits.path_length) == (True, 0)


def test_it_is_valid_for_as_long_as_apple_allows(terminal: Terminal) -> None:
    """ADD-3"""
    shown = _read(Path(terminal.json("certificate")["certificate"]))
    assert shown.not_valid_after_utc - shown.not_valid_before_utc <= timedelta(days=825)
    assert shown.not_valid_before_utc <= clock.now()


def test_it_replaces_nothing_unless_told_to(terminal: Terminal) -> None:
    """Others trust its authority: a new one is new work for all of them."""
    before = Path(terminal.json("certificate")["certificate"]).read_bytes()
    assert "--again" in terminal.run("certificate", code=1)
    assert (terminal.folder / "tls" / "server.crt").read_bytes() == before
    after = terminal.json("certificate", "--again", "--host", "shop.local")
    assert Path(after["certificate"]).read_bytes() != before and "shop.local" in after["hosts"]
    context_of(Tls(Path(after["certificate"]), Path(after["key"])))


@pytest.mark.parametrize("host", ["https://stock.example.com", "stock example", "", "-a.com", "a..b", "x" * 64])
def test_what_is_no_name_is_refused(terminal: Terminal, host: str) -> None:
    """ADD-4: and nothing is made."""
    assert "is no host name" in terminal.run("certificate", "--host", host, code=2)
    assert not (terminal.folder / "tls").exists()


def test_it_says_how_to_have_it_trusted(terminal: Terminal) -> None:
    """ADD-3: on every system that Excel runs on; and what else a name of one's own needs."""
    said = terminal.run("certificate", "--host", "shop.local")
    for word in (
        "certutil",
        "security add-trusted-cert",
        "Firefox",
        "serve --tls",
        "STOCKBOOK_TRUSTED_HOSTS=shop.local",
    ):
        assert word in said


def test_serve_says_what_is_wrong_with_a_certificate(terminal: Terminal, tmp_path: Path) -> None:
    """ADD-4: before it makes a database or listens."""
    assert "python -m server certificate" in terminal.run("serve", "--tls", code=1)
    assert not (terminal.folder / "stockbook.db").exists()
    assert "--tls" in terminal.run("serve", "--certificate", "a.pem", code=2)
    assert "--certificate" in terminal.run("serve", "--tls", "--key", "a.key", code=2)
    assert "can't read the certificate: a.pem" in terminal.run("serve", "--tls", "--certificate", "a.pem", code=1)
    made, other = terminal.json("certificate"), certificates.files_in(tmp_path / "other")
    certificates.make(other, (), clock.now())
    mixed = terminal.run("serve", "--tls", "--certificate", made["certificate"], "--key", str(other.key), code=1)
    assert "does not belong to the certificate" in mixed
    alone = terminal.run("serve", "--tls", "--certificate", made["certificate"], code=1)
    assert "is named with --key" in alone
    Path(made["certificate"]).write_text("no certificate")
    assert "is damaged" in terminal.run("serve", "--tls", code=1)


def test_a_certificate_that_runs_out_is_said_in_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """ADD-4: for a month, and then it is refused."""
    files, made_at = certificates.files_in(tmp_path), clock.now()
    until = certificates.make(files, (), made_at).valid_until
    chosen = Settings(data_dir=tmp_path)
    for before, warned in ((31, False), (29, True)):
        with clock.frozen(until - timedelta(days=before)):
            assert _tls(chosen, True, None, None) == Tls(files.certificate, files.key)
        assert ("runs out on" in capsys.readouterr().err) is warned
    for own in (None, files.certificate):
        with clock.frozen(until), pytest.raises(Refused, match="ran out"):
            _tls(chosen, True, own, None)
    with clock.frozen(made_at - timedelta(days=1)), pytest.raises(Refused, match="is valid from"):
        _tls(chosen, True, files.certificate, files.key)


def test_a_certificate_that_is_no_use_is_told_in_words(tmp_path: Path) -> None:
    """ADD-4: a password, somebody else's key, no PEM at all: what is wrong and what to do, no words of OpenSSL's."""
    mine, other = (certificates.files_in(tmp_path / name) for name in ("mine", "other"))
    for files in (mine, other):
        certificates.make(files, (), clock.now())
    key = serialization.load_pem_private_key(mine.key.read_bytes(), None)
    locked, both = tmp_path / "locked.pem", tmp_path / "both.pem"
    wanted = serialization.Encoding.PEM, serialization.BestAvailableEncryption(b"secret")
    for shape in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        locked.write_bytes(key.private_bytes(wanted[0], shape, wanted[1]))
        both.write_bytes(mine.certificate.read_bytes() + locked.read_bytes())
        for tls in (Tls(mine.certificate, locked), Tls(both)):
            assert "is protected by a password" in (said := _refusal(tls)) and "openssl pkey -in" in said
            assert str(tls.key or tls.certificate) in said
    assert "does not belong to the certificate" in _refusal(Tls(mine.certificate, other.key))
    (tmp_path / "no.pem").write_text("not a key")
    assert "they must be PEM" in _refusal(Tls(mine.certificate, tmp_path / "no.pem"))
    assert "named with --key" in _refusal(Tls(mine.certificate))


def _refusal(tls: Tls) -> str:
    with pytest.raises(Refused) as refused:
        context_of(tls)
    assert "_ssl" not in refused.value.text and "[" not in refused.value.text
    return refused.value.text


def test_a_key_is_never_open_to_others_not_even_for_a_moment(tmp_path: Path) -> None:
    """SEC-1: whatever the process's own mask says."""
    before = os.umask(0)
    try:
        files = certificates.files_in(tmp_path)
        certificates.make(files, (), clock.now())
    finally:
        os.umask(before)
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.key.parent.stat().st_mode) == 0o700
