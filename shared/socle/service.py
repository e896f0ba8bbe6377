"""What a running service holds: built once, by the app or by the worker, closed once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import select

from shared.clients.emetteur import Emetteur
from shared.clients.jetons import Jetons
from shared.refus import Introuvable
from shared.socle.auth import METADONNEES, Acces, Verificateur
from shared.socle.bac_a_sable.passage import BacASable
from shared.socle.coffre import Coffre
from shared.socle.db import BaseDeDonnees, Transaction, siens
from shared.socle.emetteur import EmetteurConnu
from shared.socle.quotas import Compteurs
from shared.socle.reglages import Reglages
from shared.socle.tables import Collectivite


class Service:
    """One service and what it stands on: settings, database, secrets, tokens, clock."""

    def __init__(
        self,
        nom: str,
        reglages: Reglages,
        *,
        client: httpx.AsyncClient,
        horloge: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.nom = nom
        self.reglages = reglages
        self.client = client
        self.horloge = horloge
        self.base = BaseDeDonnees(
            reglages.postgres.get_secret_value(), connexions=reglages.connexions
        )
        self.compteurs = Compteurs(self.base)
        # The sandbox's own clock and faults; nothing elsewhere.
        self.bac = BacASable(self.base, horloge) if reglages.bac_a_sable else None
        if self.bac is not None:
            self.horloge = self.bac.horloge
        self.coffre = Coffre(reglages.cle.get_secret_value())
        emetteur = Emetteur(reglages.emetteur, client)
        self.verificateur = Verificateur(
            emetteur=EmetteurConnu(emetteur),
            audience=reglages.url,
            metadonnees=reglages.url.rstrip("/") + METADONNEES,
            bac_a_sable=reglages.bac_a_sable,
        )
        self.jetons = Jetons(
            emetteur=emetteur,
            client_id=f"service-{nom}",
            secret=reglages.secret.get_secret_value(),
        )
        # Set when this process is to stop: it still answers, and waits for nothing new.
        self.arret = asyncio.Event()
        self._fuseaux: dict[str, ZoneInfo] = {}

    async def fuseau(self, tx: Transaction) -> ZoneInfo:
        """The time zone of the collectivité, in which its civil days begin and end.

        Raises:
            Introuvable: the collectivité is not registered with this service.
        """
        known = self._fuseaux.get(tx.collectivite)
        if known is None:
            found = (
                await tx.execute(select(Collectivite.fuseau).where(siens(Collectivite)))
            ).scalar_one_or_none()
            if found is None:
                raise Introuvable
            known = self._fuseaux[tx.collectivite] = ZoneInfo(found)
        return known

    async def aujourdhui(self, tx: Transaction) -> date:
        """The civil day, where the collectivité is."""
        return self.horloge().astimezone(await self.fuseau(tx)).date()

    def horloge_reelle(self) -> datetime:
        """The instant at which the database dates rows: the sandbox does not move it."""
        return self.horloge() if self.bac is None else self.bac.reelle()

    def saut(self) -> asyncio.Event:
        """What is set when the sandbox's clock is next moved: never, elsewhere."""
        return asyncio.Event() if self.bac is None else self.bac.saut

    def acces_interne(self, collectivite: str) -> Acces:
        """What the service's own work (jobs, followers) may see: one collectivité at a time."""
        return Acces(f"service-{self.nom}", collectivite, frozenset())


@asynccontextmanager
async def ouvrir(nom: str, reglages: Reglages) -> AsyncIterator[Service]:
    """Open a service, and close all that it holds."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=50)
    async with httpx.AsyncClient(timeout=2, limits=limits, follow_redirects=False) as client:
        service = Service(nom, reglages, client=client)
        suivie = None
        if service.bac is not None:
            await service.bac.relire()  # before anything is done at another time than the sandbox's
            suivie = asyncio.create_task(service.bac.suivre())
        try:
            yield service
        finally:
            if suivie is not None:
                suivie.cancel()
            await service.base.aclose()
