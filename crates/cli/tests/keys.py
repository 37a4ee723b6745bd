"""Reads what the command wrote about a key with Python's cryptography and jwcrypto, which share no code with it.

Usage: keys.py FOLDER PUBLIC_KEY FILE... In FOLDER lie PUBLIC_KEY in PEM and the files, which are of a kind by their
extension: .crt certificate, .csr request, .key private key, .jwk private JWK, .p12 PKCS#12, .jwks public JWK Set; each
also as .der where there are two forms. What is encrypted has the passphrase `secret`. Prints one line for each file that
is sound and belongs to the key.
"""

import datetime
import json
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from jwcrypto import jwk, jws

SECRET = b"secret"


def spki(public_key):
    return public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def certificate(data, is_der):
    cert = x509.load_der_x509_certificate(data) if is_der else x509.load_pem_x509_certificate(data)
    cert.verify_directly_issued_by(cert)
    assert cert.version == x509.Version.v3
    assert cert.subject == cert.issuer
    assert cert.subject.rfc4514_string() == "CN=box,O=Example\\, Inc.,C=DE", cert.subject
    now = datetime.datetime.now(datetime.timezone.utc)
    assert cert.not_valid_before_utc < now < cert.not_valid_after_utc
    assert cert.not_valid_after_utc - cert.not_valid_before_utc == datetime.timedelta(days=730, minutes=5)
    extensions = cert.extensions
    assert len(extensions) == 3
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    identifier = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert identifier == x509.SubjectKeyIdentifier.from_public_key(cert.public_key())
    if not is_der:
        assert len(data) < 4096
    return cert.public_key()


def request(data, is_der):
    csr = x509.load_der_x509_csr(data) if is_der else x509.load_pem_x509_csr(data)
    assert csr.is_signature_valid
    assert csr.subject.rfc4514_string() == "CN=box,O=Example\\, Inc.,C=DE", csr.subject
    assert len(csr.attributes) == 0 and len(csr.extensions) == 0
    return csr.public_key()


def private(data, is_der):
    load = serialization.load_der_private_key if is_der else serialization.load_pem_private_key
    try:
        key = load(data, None)
    except TypeError:
        key = load(data, SECRET)
    return key.public_key()


def private_jwk(data, _):
    key = jwk.JWK.from_json(data.decode())
    assert key.has_private
    assert key.get("kid") == key.thumbprint()
    algorithm = {"RSA": "RS256", "OKP": "EdDSA"}.get(key["kty"]) or {"P-256": "ES256", "P-384": "ES384"}[key["crv"]]
    token = jws.JWS(b"message")
    token.allowed_algs = [algorithm]
    token.add_signature(key, protected=json.dumps({"alg": algorithm}))
    check = jws.JWS()
    check.allowed_algs = [algorithm]
    check.deserialize(token.serialize(compact=True), jwk.JWK.from_json(key.export_public()))
    return serialization.load_pem_public_key(key.export_to_pem())


def public_set(data, _):
    keys = list(jwk.JWKSet.from_json(data.decode())["keys"])
    assert len(keys) == 1
    assert not keys[0].has_private
    assert keys[0].get("kid") == keys[0].thumbprint()
    return serialization.load_pem_public_key(keys[0].export_to_pem())


def store(data, _):
    key, cert, others = pkcs12.load_key_and_certificates(data, SECRET)
    assert others == []
    assert spki(cert.public_key()) == spki(key.public_key())
    return key.public_key()


KINDS = {
    ".crt": certificate,
    ".csr": request,
    ".key": private,
    ".jwk": private_jwk,
    ".jwks": public_set,
    ".p12": store,
}


def main(folder, public, *names):
    folder = pathlib.Path(folder)
    wanted = spki(serialization.load_pem_public_key((folder / public).read_bytes()))
    for name in names:
        is_der = name.endswith(".der")
        kind = pathlib.Path(name.removesuffix(".der")).suffix
        found = spki(KINDS[kind]((folder / name).read_bytes(), is_der))
        assert found == wanted, name
        print("sound", name)


main(*sys.argv[1:])
