"""Verifies what the library signed with jwcrypto, which shares no code with it.

Usage: jose.py FOLDER. For each NAME.jwt there are NAME.jwk, NAME.pem and NAME.thumbprint. Prints one line for each
assertion that both forms of its key verified, and at the end how many these were.
"""

import json
import pathlib
import sys

from jwcrypto import jwk, jws

ALGORITHMS = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 EdDSA".split()


def verified(text, key, algorithm):
    """The claims, if the signature is the key's; an exception if not."""
    token = jws.JWS()
    token.allowed_algs = ALGORITHMS
    token.deserialize(text)
    token.verify(key)
    assert token.jose_header["alg"] == algorithm, token.jose_header
    return json.loads(token.payload)


def refused(text, key):
    """Whether a JWT is refused whose signature has another character in the middle."""
    try:
        signing_input, signature = text.rsplit(".", 1)
        at = len(signature) // 2
        other = "A" if signature[at] != "A" else "B"
        spoilt = signature[:at] + other + signature[at + 1 :]
        token = jws.JWS()
        token.allowed_algs = ALGORITHMS
        token.deserialize(signing_input + "." + spoilt)
        token.verify(key)
    except jws.InvalidJWSSignature:
        return True
    return False


def main(folder):
    count = 0
    for path in sorted(pathlib.Path(folder).glob("*.jwt")):
        text = path.read_text()
        algorithm = path.stem.split("-", 1)[0]
        thumbprint = path.with_suffix(".thumbprint").read_text()
        from_jwk = jwk.JWK.from_json(path.with_suffix(".jwk").read_text())
        from_pem = jwk.JWK.from_pem(path.with_suffix(".pem").read_bytes())
        for key in (from_jwk, from_pem):
            assert not key.has_private
            assert key.thumbprint() == thumbprint, (path.stem, key.thumbprint(), thumbprint)
            claims = verified(text, key, algorithm)
            assert claims["iss"] == "client-id", claims
            assert claims["aud"] == "https://as.example/token", claims
            assert refused(text, key), path.stem
        print("verified", path.stem)
        count += 1
    print("count", count)


main(sys.argv[1])
