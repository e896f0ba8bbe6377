"""The issuer of tokens, as whoever needs it finds it: by its published metadata."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

# RFC 8414, then the name under which OpenID providers publish the same.
_METADONNEES = ("oauth-authorization-server", "openid-configuration")


class Emetteur:
    """Where the issuer's endpoints are, read once."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url
        self.client = client
        self._metadonnees: dict[str, Any] = {}

    async def adresse(self, nom: str) -> str:
        """An endpoint, e.g. `token_endpoint`.

        Raises:
            httpx.HTTPError: the issuer does not answer.
            ValueError, LookupError: what it says is not its metadata, or says nothing of this.
        """
        if not self._metadonnees:
            self._metadonnees = await self._lire()
        return str(self._metadonnees[nom])

    async def _lire(self) -> dict[str, Any]:
        parts = urlsplit(self.url)
        issuer = parts.path.rstrip("/")
        for name in _METADONNEES:
            # An issuer with a path has it after the well-known name (RFC 8414, 3.1); OpenID
            # Connect has it before.
            path = f"/.well-known/{name}"
            path = path + issuer if name == _METADONNEES[0] else issuer + path
            answer = await self.client.get(urlunsplit(parts._replace(path=path)))
            if answer.is_client_error:  # not here; some providers say 403, or 405
                continue
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            if found["issuer"] != self.url:  # RFC 8414, 3.3: else anyone's metadata would do
                raise ValueError("Ces métadonnées sont celles d'un autre émetteur")
            return found
        raise LookupError("L'émetteur ne publie pas ses métadonnées")
