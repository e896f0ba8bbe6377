"""The tokens of France Travail: one for all the workers, as `jetons_partages` says."""

import asyncio

import httpx

from shared.clients.france_travail.acces import AccesFranceTravail
from shared.clients.france_travail.erreurs import ErreurFranceTravail, lire_reponse
from shared.clients.france_travail.reprises import Issue, Suite
from shared.clients.jetons_partages import DEMANDE_S, Jeton, JetonsPartages, Magasin


class JetonsFranceTravail(JetonsPartages):
    """The tokens of one collectivité."""

    def __init__(
        self, acces: AccesFranceTravail, magasin: Magasin, client: httpx.AsyncClient
    ) -> None:
        super().__init__(magasin)
        self._acces = acces
        self._client = client

    async def obtenir(self, portees: str, *, apres: int = 0) -> Jeton:
        """Return a token of these scopes, newer than the one of rank `apres`.

        Raises:
            ErreurFranceTravail: they do not give one, or nobody brought one back in time.
        """
        cle = f"{self._acces.realm} {portees}"
        found = await self.partager(cle, lambda: self._appeler(portees), apres=apres)
        if found is None:
            raise ErreurFranceTravail(Issue(None, "jeton-attendu"), Suite.REPRENDRE)
        return found

    async def _appeler(self, portees: str) -> tuple[str, int]:
        client_id = self._acces.client_id
        scope = f"application_{client_id} {portees}" if self._acces.prefixe_portees else portees
        try:
            async with asyncio.timeout(DEMANDE_S):
                answer = await self._client.post(
                    f"{self._acces.url_jetons.rstrip('/')}/connexion/oauth2/access_token",
                    params={"realm": self._acces.realm},
                    data={
                        "grant_type": "client_credentials",
                        "client_id": client_id,
                        "client_secret": self._acces.secret.get_secret_value(),
                        "scope": scope,
                    },
                    timeout=None,
                )
        except (httpx.HTTPError, OSError):  # TimeoutError is one
            raise ErreurFranceTravail(Issue(None, "jeton"), Suite.REPRENDRE) from None
        found = lire_reponse(answer, idempotent=True)
        try:
            return str(found["access_token"]), int(found["expires_in"])
        except (LookupError, TypeError, ValueError):
            raise ErreurFranceTravail(Issue(200, "jeton-illisible"), Suite.FINALE) from None
