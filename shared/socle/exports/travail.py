"""The job of an export: one snapshot, read list page by list page, written sealed in files.

The snapshot is one read-only transaction: it has no transaction id, so no feed waits for it. What
is read is written by others, a piece at a time: memory holds a piece of each file. A worker that
dies leaves a run that the next one forgets and does again, whole, at another instant: half of
one instant and half of another would be no snapshot.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from shared.refus import Introuvable, Refus
from shared.schemas.commun import LIMITE_MAX, Operation
from shared.schemas.exports import FiltreExport, MotifSuppression, StatutExport
from shared.socle.auth import Acces
from shared.socle.db import ATTENTE_TRAVAIL
from shared.socle.evenements import (
    Fait,
    lire_position,
    publier,
    signer_position,
)
from shared.socle.exports import queries, rules
from shared.socle.exports.extraits import Extrait, Extraits
from shared.socle.retention import EXPORTS_JOURS
from shared.socle.service import Service

CONTEXTE = "export_morceau.octets"
TACHE, PURGE = "exporter", "purger_exports"
_log = structlog.get_logger()


class AutreTravailleur(Exception):
    """This export was deleted, or is another worker's by now."""


@dataclass
class _Fichier:
    """A file being written: the piece held, and what is known of those that left."""

    rang: int
    piece: bytearray = field(default_factory=bytearray)
    empreinte: Any = field(default_factory=hashlib.sha256)
    nombre: int = 0
    octets: int = 0
    numero: int = 0


@dataclass
class Ecriture:
    """The files of one run, one of each kind open at a time."""

    service: Service
    acces: Acces
    export_id: UUID
    version: int
    rang: int = 0
    ouverts: dict[bool, _Fichier] = field(default_factory=dict)

    async def ecrire(self, element: Mapping[str, Any], *, supprime: bool = False) -> None:
        """Add a line to a file, and begin another when it is full."""
        fichier = self.ouvrir(supprime=supprime)
        octets = rules.ligne(element)
        fichier.empreinte.update(octets)
        fichier.piece += octets
        fichier.nombre += 1
        fichier.octets += len(octets)
        if len(fichier.piece) >= rules.MORCEAU:
            await self._poser(fichier)
        if fichier.nombre == rules.FICHIER_LIGNES:
            await self._clore(supprime)

    async def finir(self) -> None:
        """End the files under way."""
        for supprime in list(self.ouverts):
            await self._clore(supprime)

    def ouvrir(self, *, supprime: bool) -> _Fichier:
        """The file under way of a kind; a new one when there is none."""
        if supprime not in self.ouverts:
            self.rang += 1
            self.ouverts[supprime] = _Fichier(self.rang)
        return self.ouverts[supprime]

    async def _poser(self, fichier: _Fichier) -> None:
        async with self.service.base.transaction(self.acces, attente=ATTENTE_TRAVAIL) as tx:
            if not await queries.hold_export(tx, self.export_id, self.version):
                raise AutreTravailleur
            await queries.store_morceau(
                tx,
                {
                    "export_id": self.export_id,
                    "rang": fichier.rang,
                    "numero": fichier.numero,
                    "octets": self.service.coffre.sceller(bytes(fichier.piece), CONTEXTE),
                },
            )
        fichier.numero += 1
        fichier.piece.clear()

    async def _clore(self, supprime: bool) -> None:
        fichier = self.ouverts.pop(supprime)
        if fichier.piece:
            await self._poser(fichier)
        async with self.service.base.transaction(self.acces, attente=ATTENTE_TRAVAIL) as tx:
            if not await queries.hold_export(tx, self.export_id, self.version):
                raise AutreTravailleur
            await queries.store_fichier(
                tx,
                {
                    "export_id": self.export_id,
                    "rang": fichier.rang,
                    "supprimes": supprime,
                    "nombre": fichier.nombre,
                    "octets": fichier.octets,
                    "empreinte": fichier.empreinte.digest(),
                },
            )


def taches(extraits: Extraits) -> Mapping[str, Callable[..., Awaitable[None]]]:
    """What the exports of a service ask of the worker."""
    return {TACHE: partial(exporter, extraits=extraits), PURGE: purger_exports}


async def abandonner_export(service: Service, *, export_id: str, collectivite: str) -> None:
    """Say failed an export that cannot be made: another may be asked for."""
    interne, ident = service.acces_interne(collectivite), UUID(export_id)
    async with service.base.transaction(interne, attente=ATTENTE_TRAVAIL) as tx:
        try:
            row = await queries.read_export(tx, ident, client=None)
        except Introuvable:
            return
        await queries.forget_fichiers(tx, ident)
    if row.statut in (StatutExport.EN_ATTENTE, StatutExport.EN_COURS):
        fin = {"statut": StatutExport.ECHOUEE.value, "erreurs": [{"code": "interne"}]}
        await _terminer(service, Ecriture(service, interne, ident, row.version), fin)


async def exporter(
    service: Service, *, extraits: Extraits, export_id: str, collectivite: str
) -> None:
    """Make the files of an export, from its beginning, whatever was made of it before."""
    interne, ident = service.acces_interne(collectivite), UUID(export_id)
    async with service.base.transaction(interne, attente=ATTENTE_TRAVAIL) as tx:
        try:
            row = await queries.read_export(tx, ident, client=None)
        except Introuvable:
            return  # deleted before it began
        if row.statut not in (StatutExport.EN_ATTENTE, StatutExport.EN_COURS):
            return  # done already: the job came twice
        version = await queries.change_export(
            tx, ident, row.version, statut=StatutExport.EN_COURS.value
        )
        if version is None:
            return
        await queries.forget_fichiers(tx, ident)
    ecriture = Ecriture(service, interne, ident, version)
    fin: dict[str, Any]
    try:
        fin = await _lire(service, extraits[row.type], row, ecriture)
    except AutreTravailleur:
        return
    except Refus as refus:
        if refus.status >= 500:
            raise
        # Asked again, this list would answer the same: the job would be tried for ever.
        fin = {"statut": StatutExport.ECHOUEE.value, "erreurs": [{"code": refus.code}]}
    await _terminer(service, ecriture, fin)


async def _lire(service: Service, extrait: Extrait, row: Any, ecriture: Ecriture) -> dict[str, Any]:
    """Read the list at one instant; return what the export is to say of it."""
    acces = Acces(row.client_id, row.collectivite, frozenset(row.portees))
    filtre = [FiltreExport.model_validate(un) for un in row.filtre]
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL, instantane=True) as tx:
        # Read first: the place in the feed is that of the snapshot, and so is all that follows.
        instant = service.horloge()
        ici = await lire_position(service.coffre, tx, "maintenant", instant)
        if row.depuis is None:
            curseur: str | None = None
            while True:
                elements, curseur = await extrait.lire(service, tx, filtre, curseur=curseur)
                for element in elements:
                    await ecriture.ecrire(element)
                if curseur is None:
                    break
        else:
            position = await lire_position(service.coffre, tx, row.depuis, instant)
            ecriture.ouvrir(supprime=True)  # said even when it says nothing
            async for changes in queries.iter_changes(tx, extrait.ressource, position, LIMITE_MAX):
                elements, _ = await extrait.lire(service, tx, filtre, ids=list(changes))
                for element in elements:
                    await ecriture.ecrire(element)
                restants = {UUID(element["id"]) for element in elements}
                for un, efface in changes.items():
                    if un not in restants:
                        motif = (
                            MotifSuppression.EFFACEMENT if efface else MotifSuppression.HORS_LISTE
                        )
                        await ecriture.ecrire({"id": str(un), "motif": motif}, supprime=True)
        await ecriture.finir()
        return {
            "statut": StatutExport.TERMINEE.value,
            "instant_reference": instant,
            "curseur_changements": signer_position(service.coffre, tx, ici, instant),
        }


async def _terminer(service: Service, ecriture: Ecriture, fin: dict[str, Any]) -> None:
    instant = service.horloge()
    async with service.base.transaction(ecriture.acces, attente=ATTENTE_TRAVAIL) as tx:
        version = await queries.change_export(
            tx,
            ecriture.export_id,
            ecriture.version,
            **fin,
            termine_le=instant,
            expire_le=rules.expiration(instant),
        )
        if version is None:
            return
        await publier(
            tx,
            Fait(
                f"{service.nom}.export.{fin['statut']}",
                "exports",
                ecriture.export_id,
                version,
                Operation.MODIFICATION,
            ),
        )
    _log.info("export_fini", export_id=str(ecriture.export_id), statut=fin["statut"])


async def purger_exports(service: Service, collectivite: str) -> None:
    """Forget the files that are past their time, then the exports that are."""
    acces, instant = service.acces_interne(collectivite), service.horloge()
    # The database dated their rows, at the true time.
    avant = service.horloge_reelle() - timedelta(days=EXPORTS_JOURS)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        perimes = await queries.list_perimes(tx, instant, avant)
    # A transaction a file: millions of lines at once would outlast a statement.
    for row in perimes:
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            await queries.forget_morceaux(tx, row.export_id, row.rang)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        await queries.purge_exports(tx, avant)
