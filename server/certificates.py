"""A certificate of one's own, for `serve --tls` where no public authority issues one: localhost, a name in the office.

It is signed by an authority that is made for it alone and whose private key is never written down: whoever trusts
this authority trusts this one certificate and nothing that anybody could sign later.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.errors import Refused, WrongUse

#: The most that Apple's systems take for an authority that a person added.
VALID_DAYS = 825
ALWAYS = ("localhost", "127.0.0.1", "::1")
_NAME = re.compile(r"(?=.{1,253}\Z)(\*\.)?([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
#: For clocks that are a little behind.
_BEFORE = timedelta(hours=1)


@dataclass(frozen=True)
class Files:
    """Where it lies: what people trust, what the server shows, and what only the server may read."""

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Kept:
    """A certificate that is there: for whom, and until when."""

    hosts: tuple[str, ...]
    valid_until: datetime


def files_in(data_dir: Path) -> Files:
    """Their places in the data folder."""
    folder = data_dir / "tls"
    return Files(folder / "authority.crt", folder / "server.crt", folder / "server.key")


def make(files: Files, hosts: Iterable[str], at: datetime, *, again: bool = False) -> Kept:
    """Make authority, certificate and key for this machine and `hosts`.

    Raises `Refused` where there is one already, unless `again`; `WrongUse` for what is no name or address.
    """
    names = tuple(dict.fromkeys([*ALWAYS, *(_checked(host) for host in hosts)]))
    if not again and any(path.exists() for path in (files.authority, files.certificate, files.key)):
        raise Refused(
            f"there is a certificate in {files.certificate.parent} already; --again replaces it, and whoever trusted "
            "its authority has to trust the new one"
        )
    until = at + timedelta(days=VALID_DAYS)
    authority_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    authority = _authority(authority_key, at, until)
    certificate = _certificate(key, names, authority, authority_key, at, until)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(files.key, private, 0o600)
    _write(files.certificate, certificate.public_bytes(Encoding.PEM), 0o644)
    _write(files.authority, authority.public_bytes(Encoding.PEM), 0o644)
    return kept(files)


def kept(files: Files) -> Kept:
    """The certificate that lies there. Raises `Refused` where there is none, or it can't be read."""
    try:
        found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except FileNotFoundError as error:
        raise Refused(
            f"there is no certificate in {files.certificate.parent} yet: python -m server certificate; or name your "
            "own with --certificate and --key"
        ) from error
    except (ValueError, x509.ExtensionNotFound) as error:
        raise Refused(f"{files.certificate} is damaged: python -m server certificate --again") from error
    hosts = (*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress)))
    return Kept(hosts, found.not_valid_after_utc)


def usable(files: Files, at: datetime) -> Kept:
    """The certificate that lies there. Raises `Refused` where there is none, or it has run out."""
    found = kept(files)
    if found.valid_until <= at:
        raise Refused(
            f"the certificate ran out on {found.valid_until:%Y-%m-%d}: python -m server certificate --again, "
            "then have the new authority trusted"
        )
    return found


def refuse_run_out(certificate: Path, at: datetime) -> None:
    """Raises `Refused` for a certificate of somebody's own that has run out, or is not valid yet.

    Whether it can be used otherwise is seen when it is loaded.
    """
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError):
        return
    if found.not_valid_after_utc <= at:
        raise Refused(f"{certificate} ran out on {found.not_valid_after_utc:%Y-%m-%d}: no browser would take it")
    if found.not_valid_before_utc > at:
        raise Refused(f"{certificate} is valid from {found.not_valid_before_utc:%Y-%m-%d} on: no browser would take it")


def _authority(key: EllipticCurvePrivateKey, at: datetime, until: datetime) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Stockbook"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Stockbook on {socket.gethostname()[:30]} ({at:%Y-%m-%d})"),
        ]
    )
    built = _begun(name, name, key, at, until)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return built.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True).sign(key, SHA256())


def _certificate(
    key: EllipticCurvePrivateKey,
    hosts: Sequence[str],
    authority: x509.Certificate,
    authority_key: EllipticCurvePrivateKey,
    at: datetime,
    until: datetime,
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stockbook")])
    return (
        _begun(name, authority.subject, key, at, until)
        .add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, SHA256())
    )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, at: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _BEFORE)
        .not_valid_after(until - _BEFORE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in allowed for name in _USAGES})


def _checked(host: str) -> str:
    """A name or address as a certificate writes it. Raises `WrongUse` for what is neither."""
    text = host.strip().rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    try:
        ascii_name = text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_name = ""
    if not _NAME.fullmatch(ascii_name):
        raise WrongUse(
            f"'{host[:100]}' is no host name and no address; write it like stock.example.com, without https://"
        )
    return ascii_name


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and with these rights from its first moment."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    draft.replace(path)
