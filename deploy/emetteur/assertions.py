"""A client that proves itself by its key: `private_key_jwt` (RFC 7523; OpenID Connect Core, 9)."""

import base64
import json
import time
from collections.abc import Callable, Mapping

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from deploy.emetteur.clients import Client
from shared.socle.auth import DUREE_MAX_S, TOLERANCE_S
from shared.socle.emetteur import ALGORITHMES

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Assertions:
    """Verify assertions, each once in the life of this process, which keeps the ids it has seen."""

    def __init__(
        self, *, audiences: tuple[str, ...], horloge: Callable[[], float] = time.time
    ) -> None:
        self._audiences = audiences
        self._horloge = horloge
        self._seen: dict[tuple[str, str], float] = {}

    def verifier(
        self, assertion: str, clients: Mapping[str, Client], client_id: str
    ) -> Client | None:
        """Return the client that signed; `client_id`, if given beside, must be its own."""
        try:
            client = clients.get(_unproved(assertion))
            if client is None or not client.cles or client_id not in ("", client.client_id):
                return None
            keys = [import_key(dict(key)) for key in client.cles]
            # Of one key nobody needs to be told which: a client's `kid` may be its own.
            key = keys[0] if len(keys) == 1 else KeySet(keys)
            claims = jwt.decode(assertion, key, algorithms=ALGORITHMES).claims
        except (JoseError, ValueError, TypeError, LookupError):
            return None
        return client if self._accept(claims, client.client_id) else None

    def _accept(self, claims: Mapping[str, object], client_id: str) -> bool:
        now = self._horloge()
        match claims:
            case {"iss": str(iss), "sub": str(sub), "aud": aud, "exp": int(exp), "jti": str(jti)}:
                pass
            case _:
                return False
        # One audience, ours: with several, another server could replay it here.
        if iss != client_id or sub != client_id:
            return False
        if not any(aud in (ours, [ours]) for ours in self._audiences):
            return False
        if not now - TOLERANCE_S < exp <= now + DUREE_MAX_S + TOLERANCE_S:
            return False
        self._seen = {key: until for key, until in self._seen.items() if until > now}
        if (client_id, jti) in self._seen:
            return False
        self._seen[client_id, jti] = exp + TOLERANCE_S
        return True


def _unproved(assertion: str) -> str:
    """Whom the assertion says it is from: the key to try, no more."""
    payload = assertion.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])
