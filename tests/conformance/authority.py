"""Certificates: of a server on loopback below an authority of its own, and of SAML providers."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """One root; intermediates and leaves are made as they are needed."""

    def __init__(self, folder, name="Acme root"):
        self.folder = folder
        self.root, self.root_key = certificate(name, None, None, days=3650)
        self.roots = folder / f"{name.replace(' ', '-')}.pem"
        self.roots.write_bytes(pem(self.root))

    def server(self, name):
        """A new leaf below a new intermediate: the files of the chain, without the root, and of the
        key; and the SHA-1 fingerprints of both certificates."""
        between, between_key = certificate(f"Acme {name} CA", self.root, self.root_key, days=1000)
        leaf, key = certificate("localhost", between, between_key, days=90)
        chain, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        chain.write_bytes(pem(leaf) + pem(between))
        secret.write_bytes(private_pem(key))
        return chain, secret, {sha1(between), sha1(leaf)}


def self_signed(folder, name, days=700):
    """What SAML providers sign with: the files of a certificate and of its RSA key."""
    key = rsa.generate_private_key(65537, 2048)
    made, _ = certificate(name, None, None, days, key)
    place, secret = folder / f"{name}.crt", folder / f"{name}.key"
    place.write_bytes(pem(made))
    secret.write_bytes(private_pem(key))
    return place, secret


def certificate(name, issuer, issuer_key, days, key=None):
    """A certificate of this name, signed by the issuer or by itself, and its key."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    is_leaf = name == "localhost"
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=not is_leaf, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(above, critical=False)
    if is_leaf:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), address])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(names, critical=False).add_extension(usage, critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256()), key


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key):
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def sha1(certificate):
    return certificate.fingerprint(hashes.SHA1()).hex()
