"""What must not be read in the database: sealed values and keyed digests."""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"  # first byte of a sealed value: which key and which algorithm


class Coffre:
    """Seal, open and digest with keys derived from one 32-byte secret of the service."""

    def __init__(self, cle: str) -> None:
        """Take the secret in URL-safe base64.

        Raises:
            ValueError: it is not 32 bytes.
        """
        secret = base64.urlsafe_b64decode(cle)
        if len(secret) != 32:
            raise ValueError("La clé du service doit faire 32 octets en base64 URL")
        self._sealing = AESGCM(_derive(secret, b"scellement"))
        self._digesting = _derive(secret, b"empreinte")
        self._signing = _derive(secret, b"signature")

    def sceller(self, clair: bytes, contexte: str) -> bytes:
        """Encrypt; `contexte` (table and column) must be the same to open it."""
        nonce = secrets.token_bytes(12)
        return _VERSION + nonce + self._sealing.encrypt(nonce, clair, contexte.encode())

    def ouvrir(self, scelle: bytes, contexte: str) -> bytes:
        """Decrypt what `sceller` gave for the same context."""
        return self._sealing.decrypt(scelle[1:13], scelle[13:], contexte.encode())

    def empreinte(self, valeur: str) -> bytes:
        """Return the keyed digest by which an exact value is found without being kept."""
        return hmac.digest(self._digesting, valeur.encode(), hashlib.sha256)

    def signature(self, message: bytes) -> bytes:
        """Authenticate what leaves and comes back, such as a page cursor."""
        return hmac.digest(self._signing, message, hashlib.sha256)[:16]


def nouvelle_cle() -> str:
    """A fresh secret, in the form that `Coffre` takes."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _derive(secret: bytes, usage: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"jalons " + usage).derive(
        secret
    )
