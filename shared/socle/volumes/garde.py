"""The guard itself: what answers show, counted before they leave.

Persons are found in the answer, under the names that every contract gives them: a new route is
counted without a word of its own. What a process knows to be counted costs nothing more that day.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from fastapi import Request
from sqlalchemy import Row, TextClause, text

from shared.schemas.commun import Operation
from shared.schemas.volumes import EtatVolume
from shared.socle.auth import Acces
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.problems import DelaiDepasse
from shared.socle.quotas import QuotaDepasse
from shared.socle.retention import VOLUMES_JOURS
from shared.socle.service import Service
from shared.socle.volumes import queries, rules

_FAITS = {EtatVolume.ALERTE: "alerte", EtatVolume.BLOQUE: "bloque", EtatVolume.LEVE: "leve"}
# Some 20 MB of ids at most: said once, a person is not counted again that day.
_CONNUES_MAX = 100_000
# Who is known to be counted: collectivité, client, day, name of the id, id.
_Cle = tuple[str, str, date, str, UUID]
_Transaction = Callable[[Acces], AbstractAsyncContextManager[Transaction]]
# A client's reads queue on the row of its day.
_ATTENDRE = text("SELECT set_config('lock_timeout', :attente, true)")
_UUID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_log = structlog.get_logger()


class Garde:
    """Counts the persons whom a service's answers show, and stops what no caseload explains.

    Args:
        personnes_par: by name of an id in answers and paths, the SELECT (of `:<name>`, an array) of
            the persons that ids of this name lead to.
        du_chemin: the same, for names that are looked for in paths alone, of answers that name
            nobody: what is read under a resource of one person.
    """

    def __init__(self, personnes_par: Mapping[str, str], du_chemin: Mapping[str, str]) -> None:
        self.noms = frozenset(personnes_par)
        self.personnes_par = {**personnes_par, **du_chemin}
        noms = "|".join(personnes_par).encode()
        # One id, or a list of them under the plural of the same name.
        self._motif = re.compile(
            rb'"(' + noms + rb')s?"\s*:\s*(\[[^\]]*\]|"' + _UUID + rb'")', re.ASCII
        )
        self._un = re.compile(_UUID)
        # By the names that an answer bears: none pays for those of the others.
        self._compter: dict[frozenset[str], TextClause] = {}
        self._fuseaux: dict[str, ZoneInfo] = {}
        self._bornes: dict[tuple[str, str, date], rules.Seuils] = {}
        self._connues: set[_Cle] = set()

    async def garder(self, request: Request) -> AsyncIterator[None]:
        """Count whom an answer shows: once its own transaction is over, or in it when it wrote.

        Raises:
            QuotaDepasse: it shows persons beyond what the client's day admits; nothing is shown,
                and what was written is undone.
            DelaiDepasse: counting outlasts the request.
        """
        request.state.juger = partial(self._juger_acte, request)
        try:
            yield
            await self._juger(request)
        except _TropLues as trop:
            service: Service = request.app.state.service
            acces: Acces = request.state.acces
            async with _borner(request):
                await self._bloquer(service, acces, trop)
            fuseau = self._fuseaux[acces.collectivite]
            attente_s = rules.secondes_restantes(trop.jour, fuseau, service.horloge())
            raise QuotaDepasse("volume", attente_s, request.state.entetes) from None

    async def _juger(self, request: Request) -> None:
        """Judge what is shown, its request's own transaction over."""
        comptees: set[_Cle] | None = getattr(request.state, "comptees", None)
        if comptees is None and _montre(request):
            service: Service = request.app.state.service
            async with _borner(request):
                comptees = await self._noter(
                    request, partial(service.base.transaction, attente=ATTENTE_TRAVAIL)
                )
        if comptees:
            if len(self._connues) > _CONNUES_MAX:
                self._connues.clear()
            self._connues |= comptees

    async def _juger_acte(self, request: Request, tx: Transaction) -> None:
        """Judge what an act shows while it can be undone: never refused once it is written."""
        if request.method == "GET" or not _montre(request):
            return

        @asynccontextmanager
        async def la_sienne(_: Acces) -> AsyncIterator[Transaction]:
            await tx.execute(_ATTENDRE, {"attente": ATTENTE_TRAVAIL})
            yield tx

        async with _borner(request):
            # Known to be counted once it is committed, not before.
            request.state.comptees = await self._noter(request, la_sienne)

    async def _noter(self, request: Request, transaction: _Transaction) -> set[_Cle]:
        """Count who is shown and was not known to be; return them.

        Raises:
            _TropLues: they are too many.
        """
        montrees = await self._montrees(request)
        if not montrees:
            return set()
        service: Service = request.app.state.service
        acces: Acces = request.state.acces
        fuseau = self._fuseaux.get(acces.collectivite)
        if fuseau is None:
            async with transaction(acces) as tx:
                fuseau = self._fuseaux[acces.collectivite] = await service.fuseau(tx)
        jour = service.horloge().astimezone(fuseau).date()
        cles = {(acces.collectivite, acces.client_id, jour, *une) for une in montrees}
        if cles <= self._connues:
            return set()
        async with transaction(acces) as tx:
            await self._compter_lues(service, tx, jour, montrees)
        return cles

    async def _montrees(self, request: Request) -> set[tuple[str, UUID]]:
        """Whom the answer names, each by its member; else its path."""
        found = {
            (nom.decode(), UUID(un.decode()))
            async for morceau in _morceaux(request)
            for nom, valeur in self._motif.findall(morceau)
            for un in self._un.findall(valeur)
        }
        found |= {("personne_id", un) for un in getattr(request.state, "personnes_lues", ())}
        return found or {
            (nom, UUID(str(un)))
            for nom, un in request.path_params.items()
            if nom in self.personnes_par
        }

    async def _compter_lues(
        self, service: Service, tx: Transaction, jour: date, montrees: set[tuple[str, UUID]]
    ) -> None:
        """Count them; undone, whole, when they are too many: nobody was shown them."""
        acces = tx.acces
        cle = (acces.collectivite, acces.client_id, jour)
        bornes = self._bornes.get(cle)
        if bornes is None:
            habitude = await queries.read_habitude(tx, acces.client_id, jour)
            bornes = rules.seuils(habitude, service.reglages.volume_plancher)
        row = await self._count(tx, jour, bornes, montrees)
        etat = EtatVolume(row.etat)
        apres = rules.etat_apres(etat, row.nombre, rules.bornes_de(row))
        if row.ajout and apres is EtatVolume.BLOQUE:
            raise _TropLues(jour, bornes)
        if apres is not etat:
            await changer(service, tx, row, {"etat": apres.value})
        # A process lives for months: days that are over are not kept.
        self._bornes = {un: its for un, its in self._bornes.items() if un[2] >= jour}
        self._bornes[cle] = bornes

    async def _bloquer(self, service: Service, acces: Acces, trop: "_TropLues") -> None:
        """Say it once, however many answers are refused."""
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            # Nobody more: the day is opened, were this its first read, and held.
            row = await self._count(tx, trop.jour, trop.bornes, set())
            if row.etat not in (EtatVolume.BLOQUE, EtatVolume.LEVE):
                await changer(service, tx, row, {"etat": EtatVolume.BLOQUE.value})

    async def _count(
        self, tx: Transaction, jour: date, bornes: rules.Seuils, lues: set[tuple[str, UUID]]
    ) -> Row[Any]:
        ids: dict[str, list[UUID]] = {"personne_id": []}
        for nom, un in lues:
            ids.setdefault(nom, []).append(un)
        noms = frozenset(ids)
        if noms not in self._compter:
            self._compter[noms] = queries.compter_lues([self.personnes_par[nom] for nom in ids])
        compter = self._compter[noms]
        return await queries.count_lues(tx, compter, tx.acces.client_id, jour, bornes, ids)


class _TropLues(Exception):
    """More persons than the day admits."""

    def __init__(self, jour: date, bornes: rules.Seuils) -> None:
        super().__init__()
        self.jour, self.bornes = jour, bornes


def _montre(request: Request) -> bool:
    """Whether the answer shows a partner what is kept: read, found, or tried.

    What was just made, or asked for, is its caller's own.
    """
    statut: int = request.state.statut
    essai = request.query_params.get("essai") == "true"
    lu = statut in (200, 206) or (essai and statut < 300)
    return lu and not request.state.acces.interne


async def _morceaux(request: Request) -> AsyncIterator[bytes]:
    """What the answer shows: its body, whole where `champs` cut it, or the file that it streams."""
    if (fichier := getattr(request.state, "fichier", None)) is not None:
        async for morceau in fichier():
            yield morceau
        return
    corps: bytes = getattr(request.state.reponse, "body", b"")
    yield getattr(request.state, "entiers", corps)


@asynccontextmanager
async def _borner(request: Request) -> AsyncIterator[None]:
    """Until when the caller waits.

    Raises:
        DelaiDepasse: no longer.
    """
    try:
        async with asyncio.timeout_at(request.state.fin) as borne:
            yield
    except TimeoutError:
        if not borne.expired():  # a database that does not answer is not our deadline
            raise
        raise DelaiDepasse from None


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
