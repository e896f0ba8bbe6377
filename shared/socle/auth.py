"""Who calls, for which collectivité, and what they may do: the access token (RFC 9068).

Any OpenID provider that signs the claims of the contract guide (15.2) may issue it: the service
knows an issuer and its keys, nothing else.
"""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from joserfc.errors import JoseError

from shared.refus import DependanceIndisponible, Refus
from shared.schemas.commun import COLLECTIVITE
from shared.socle.emetteur import SUSPENDU, VALIDE, EmetteurConnu

# RFC 9728: which issuer this service believes, and what it may be asked for.
METADONNEES = "/.well-known/oauth-protected-resource"
DUREE_MAX_S = 300
TOLERANCE_S = 60
_CACHE_MAX = 10_000
# Who may say for whom it calls: our own services, and no client that bears a like name.
_SERVICES = frozenset({"service-orientation", "service-parcours", "service-financement"})
# Of the sandbox, and of it alone (contract guide, 22.1): nobody lives there.
COLLECTIVITE_BAC = "999D"
_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_COLLECTIVITE = re.compile(COLLECTIVITE)


class JetonRefuse(Refus):
    """A 401, with the header by which a client knows what to mend."""

    erreur = 'error="invalid_token"'
    metadonnees = ""

    @property
    def headers(self) -> dict[str, str]:
        # RFC 9728, 5.1: from here a client finds the issuer by itself.
        found = [self.erreur, self.metadonnees and f'resource_metadata="{self.metadonnees}"']
        return {"WWW-Authenticate": f"Bearer {', '.join(filter(None, found))}".strip()}


class JetonAbsent(JetonRefuse):
    code = "jeton-absent"
    erreur = ""


class JetonInvalide(JetonRefuse):
    code = "jeton-invalide"


class JetonExpire(JetonRefuse):
    code = "jeton-expire"


class JetonAudience(JetonRefuse):
    code = "jeton-audience"


class PreuveInvalide(JetonRefuse):
    """A token bound to a key (`cnf`) needs a proof that this release cannot check."""

    code = "preuve-invalide"


class ClientSuspendu(Refus):
    """The token is good, and its client may no longer use it."""

    code = "client-suspendu"


class PorteeInsuffisante(Refus):
    code = "portee-insuffisante"

    def __init__(self, requises: list[str]) -> None:
        super().__init__(portees_requises=requises)

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}


@dataclass(frozen=True)
class Acces:
    """What a verified token grants: one client, one collectivité, some scopes.

    `origine` is the client for whom a sibling service calls; `statut` tells where the issuer says
    whether the token still serves: a list, and a rank in it.
    """

    client_id: str
    collectivite: str
    portees: frozenset[str]
    expire_le: float = float("inf")
    origine: str | None = None
    statut: tuple[str, int] | None = None

    @property
    def auteur(self) -> str:
        """Who acts: the first client of the chain."""
        return self.origine or self.client_id

    @property
    def interne(self) -> bool:
        """Whether one of our own services calls: its own caller was counted at its own door."""
        return self.client_id in _SERVICES

    def pour(self, origine: str | None) -> "Acces":
        """The same access, on behalf of a client: believed of our own services only."""
        if not self.interne or not _CLIENT_ID.fullmatch(origine or ""):
            return self
        return replace(self, origine=origine)

    def exige(self, *portees: str) -> None:
        """Refuse unless every scope is held.

        Raises:
            PorteeInsuffisante: one is missing.
        """
        if not self.portees.issuperset(portees):
            raise PorteeInsuffisante(sorted(portees))


class Verificateur:
    """Check access tokens for one audience, with what the issuer publishes."""

    def __init__(
        self,
        *,
        emetteur: EmetteurConnu,
        audience: str,
        metadonnees: str,
        bac_a_sable: bool = False,
        horloge: Callable[[], float] = time.time,
    ) -> None:
        self._emetteur = emetteur
        self._audience = audience
        self._metadonnees = metadonnees
        self._bac_a_sable = bac_a_sable
        self._horloge = horloge
        # A check costs a third of a read: the claims are kept until they expire, by token hash.
        self._cache: dict[bytes, Acces] = {}

    async def verifier(self, authorization: str | None) -> Acces:
        """Return what the `Authorization` header grants.

        Raises:
            JetonAbsent, JetonInvalide, JetonExpire, JetonAudience, PreuveInvalide: 401.
            ClientSuspendu: 403.
            DependanceIndisponible: no key of the issuer has ever been read.
        """
        try:
            acces = await self._verifier(authorization)
        except JetonRefuse as refus:
            refus.metadonnees = self._metadonnees
            raise
        return acces

    async def _verifier(self, authorization: str | None) -> Acces:
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise JetonAbsent
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        acces = self._cache.get(digest)
        if acces is None:
            acces = self._read(await self._ouvrir(token))
            if len(self._cache) >= _CACHE_MAX:
                self._cache.clear()
            self._cache[digest] = acces
        elif self._horloge() > acces.expire_le + TOLERANCE_S:
            del self._cache[digest]
            raise JetonExpire
        if acces.statut is not None:
            statut = await self._emetteur.statut(*acces.statut)
            if statut == SUSPENDU:
                raise ClientSuspendu
            if statut != VALIDE:
                raise JetonInvalide
        return acces

    async def _ouvrir(self, token: str) -> dict[str, Any]:
        try:
            claims = await self._emetteur.ouvrir(token, "at+jwt")
        except (JoseError, ValueError, TypeError, LookupError):
            raise JetonInvalide from None
        if claims is None:
            raise DependanceIndisponible
        return claims

    def _read(self, claims: dict[str, Any]) -> Acces:
        now = self._horloge()
        match claims:
            case {
                "iss": self._emetteur.url,
                "aud": audience,
                "client_id": str(client_id),
                "collectivite": str(collectivite),
                "scope": str(scope),
                "iat": int(iat),
                "exp": int(exp),
                "jti": str(),
            }:
                pass
            case _:
                raise JetonInvalide
        # Written as author, and into SQL as tenant: they have the form that we give to them.
        if not (_CLIENT_ID.fullmatch(client_id) and _COLLECTIVITE.fullmatch(collectivite)):
            raise JetonInvalide
        if audience not in (self._audience, [self._audience]):
            raise JetonAudience
        # Issuers and audiences tell the sandbox from the others already; a deployment that gave
        # both to one issuer by mistake must not mix them.
        if (collectivite == COLLECTIVITE_BAC) is not self._bac_a_sable:
            raise JetonAudience
        if now > exp + TOLERANCE_S:
            raise JetonExpire
        if iat > now + TOLERANCE_S or exp - iat > DUREE_MAX_S:
            raise JetonInvalide
        if "cnf" in claims:
            raise PreuveInvalide
        match claims.get("status"):
            case None:  # another provider may have no such list: the token then lives its life
                statut = None
            case {"status_list": {"uri": str(uri), "idx": int(rang)}}:
                statut = (uri, rang)
            case _:
                raise JetonInvalide
        return Acces(client_id, collectivite, frozenset(scope.split()), exp, statut=statut)
