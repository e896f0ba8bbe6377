"""The guard itself: what answers show, counted before they leave.

Persons are found in the answer, under the names that every contract gives them: a new route is
counted without a word of its own. What a process knows to be counted costs nothing more that day.
"""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from fastapi import Request
from sqlalchemy import Row
from starlette.responses import Response

from shared.schemas.commun import Operation
from shared.schemas.volumes import EtatVolume
from shared.socle.auth import Acces
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.quotas import QuotaDepasse
from shared.socle.retention import VOLUMES_JOURS
from shared.socle.service import Service
from shared.socle.volumes import queries, rules

_FAITS = {EtatVolume.ALERTE: "alerte", EtatVolume.BLOQUE: "bloque", EtatVolume.LEVE: "leve"}
# Some 20 MB of ids at most: said once, a person is not counted again that day.
_CONNUES_MAX = 100_000
_UUID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_log = structlog.get_logger()


class Garde:
    """Counts the persons whom a service's answers show, and stops what no caseload explains.

    Args:
        personnes_par: by member of an answer, the SELECT (of `:<member>`, an array) of the persons
            that its ids name.
    """

    def __init__(self, personnes_par: Mapping[str, str]) -> None:
        self._compter = queries.compter_lues(personnes_par)
        self._membres = tuple(personnes_par)
        noms = "|".join(personnes_par).encode()
        # One id, or a list of them under the plural of the same name.
        self._motif = re.compile(
            rb'"(' + noms + rb')s?"\s*:\s*(\[[^\]]*\]|"' + _UUID + rb'")', re.ASCII
        )
        self._un = re.compile(_UUID)
        self._fuseaux: dict[str, ZoneInfo] = {}
        self._bornes: dict[tuple[str, str, date], rules.Seuils] = {}
        self._connues: set[tuple[str, str, date, str, UUID]] = set()

    async def garder(self, request: Request) -> AsyncIterator[None]:
        """Count whom the answer of a read shows, once its own transaction is over.

        Raises:
            QuotaDepasse: it shows persons beyond what the client's day admits; nothing is shown.
        """
        yield
        response: Response = request.state.reponse
        if request.state.lecture and not request.state.acces.interne and response.status_code < 300:
            await self._noter(request, response)

    async def _noter(self, request: Request, response: Response) -> None:
        montrees = self._montrees(request, getattr(response, "body", b""))
        if not montrees:
            return
        service: Service = request.app.state.service
        acces: Acces = request.state.acces
        fuseau = self._fuseaux.get(acces.collectivite)
        if fuseau is None:
            async with service.base.transaction(acces) as tx:
                fuseau = self._fuseaux[acces.collectivite] = await service.fuseau(tx)
        jour = service.horloge().astimezone(fuseau).date()
        cles = {(acces.collectivite, acces.client_id, jour, *une) for une in montrees}
        if cles <= self._connues:
            return
        try:
            await self._compter_lues(service, acces, jour, montrees)
        except _TropLues as trop:
            await self._bloquer(service, acces, jour, trop.bornes)
            attente_s = rules.secondes_restantes(jour, fuseau, service.horloge())
            raise QuotaDepasse("volume", attente_s, request.state.entetes) from None
        if len(self._connues) > _CONNUES_MAX:
            self._connues.clear()
        self._connues |= cles

    def _montrees(self, request: Request, corps: bytes) -> set[tuple[str, UUID]]:
        """Whom the path or the answer names, each by its member."""
        found = {
            (nom.decode(), UUID(un.decode()))
            for nom, valeur in self._motif.findall(corps)
            for un in self._un.findall(valeur)
        }
        return found | {
            (nom, UUID(request.path_params[nom]))
            for nom in self._membres
            if nom in request.path_params
        }

    async def _compter_lues(
        self, service: Service, acces: Acces, jour: date, montrees: set[tuple[str, UUID]]
    ) -> None:
        """Count them; undone, whole, when they are too many: nobody was shown them."""
        cle = (acces.collectivite, acces.client_id, jour)
        ids = {nom: [un for de, un in montrees if de == nom] for nom in self._membres}
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            bornes = self._bornes.get(cle)
            if bornes is None:
                habitude = await queries.read_habitude(tx, acces.client_id, jour)
                bornes = rules.seuils(habitude, service.reglages.volume_plancher)
            row = await queries.count_lues(tx, self._compter, acces.client_id, jour, bornes, ids)
            etat = EtatVolume(row.etat)
            apres = rules.etat_apres(etat, row.nombre, rules.bornes_de(row))
            if row.ajout and apres is EtatVolume.BLOQUE:
                raise _TropLues(bornes)
            if apres is not etat:
                await changer(service, tx, row, {"etat": apres.value})
        # A process lives for months: days that are over are not kept.
        self._bornes = {un: its for un, its in self._bornes.items() if un[2] >= jour}
        self._bornes[cle] = bornes

    async def _bloquer(
        self, service: Service, acces: Acces, jour: date, bornes: rules.Seuils
    ) -> None:
        """Say it once, however many answers are refused."""
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            # Nobody more: the day is opened, were this its first read, and held.
            ids: dict[str, list[UUID]] = {nom: [] for nom in self._membres}
            row = await queries.count_lues(tx, self._compter, acces.client_id, jour, bornes, ids)
            if row.etat not in (EtatVolume.BLOQUE, EtatVolume.LEVE):
                await changer(service, tx, row, {"etat": EtatVolume.BLOQUE.value})


class _TropLues(Exception):
    """More persons than the day admits."""

    def __init__(self, bornes: rules.Seuils) -> None:
        super().__init__()
        self.bornes = bornes


async def changer(
    service: Service, tx: Transaction, row: Row[Any], valeurs: dict[str, Any]
) -> Row[Any]:
    """Write what was decided of a day, and tell it: the client, never a person."""
    changed = await queries.change_volume(tx, row, valeurs)
    fait = Fait(
        f"{service.nom}.volume.{_FAITS[EtatVolume(changed.etat)]}",
        "volumes-lus",
        changed.id,
        changed.version,
        Operation.MODIFICATION,
    )
    await publier(tx, fait)
    _log.warning(
        "volume_lu",
        etat=changed.etat,
        client=changed.client_id,
        collectivite=tx.collectivite,
        nombre=changed.nombre,
        reference=changed.reference,
    )
    return changed


async def purger(service: Service, collectivite: str) -> None:
    """Forget who was read once the day is over, and in time how many."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        jour = await service.aujourdhui(tx)
        await queries.purge(tx, jour, jour - timedelta(days=VOLUMES_JOURS))
