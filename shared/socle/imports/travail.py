"""The job that applies a file of lines: each whole or not at all, resumed where it was.

A few lines are one transaction, a savepoint each: what a line did, what it became and how far the
file is commit together. A worker that dies loses its few lines, and the next one takes them up:
none is applied twice, and none is left out.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from pydantic_core import to_jsonable_python
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.refus import Erreur, Refus, Validation
from shared.schemas.commun import Operation
from shared.schemas.imports import CompteursLignes, StatutImport, StatutLigne
from shared.socle import problems
from shared.socle.auth import Acces
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.imports import queries
from shared.socle.imports.lignes import (
    LIGNE_MAX,
    Lecteur,
    Ligne,
    ReferenceExterneExistante,
    TypeLigne,
)
from shared.socle.retention import IMPORTS_JOURS
from shared.socle.service import Service

# Rows that lines write stay locked until the commit, and requests wait 300 ms for them at most.
LOT, LOT_S = 25, 0.15
_PLANS = 500  # lines between two looks at the plans
_REPRISES, _PAUSE_S = 20, 0.5
CONTEXTE = "import_lignes_morceau.octets"
MOTIF_ABANDON = "lecture_abandonnee"

_TOUT_VERIFIER = text("SET CONSTRAINTS ALL IMMEDIATE")
_VERIFIER_A_LA_FIN = text("SET CONSTRAINTS ALL DEFERRED")
_SAVE, _UNDO = text("SAVEPOINT ligne"), text("ROLLBACK TO SAVEPOINT ligne")
_PLURIEL = {
    StatutLigne.CREEE: "creees",
    StatutLigne.MODIFIEE: "modifiees",
    StatutLigne.IDENTIQUE: "identiques",
    StatutLigne.REFUSEE: "refusees",
}

_log = structlog.get_logger()


@dataclass
class Application:
    """Where one file stands."""

    service: Service
    acces: Acces
    import_id: UUID
    nom: str
    type: TypeLigne
    essai: bool
    traitees: int
    compteurs: dict[str, int]
    cles: set[str]
    # What a trial would have made: it leaves nothing that a later line could find.
    essayees: dict[str, tuple[UUID | None, bytes]] = field(default_factory=dict)


async def importer_lignes(
    service: Service, *, types: Mapping[str, TypeLigne], import_id: str, collectivite: str
) -> None:
    """Apply a file to its end, or from where an earlier run left it."""
    ident = UUID(import_id)
    interne = service.acces_interne(collectivite)
    async with service.base.transaction(interne, attente=ATTENTE_TRAVAIL) as tx:
        row = await queries.start_import(tx, ident, service.horloge())
        if row is None:
            return  # done, or cancelled: the job came twice, or too late
        cles = await queries.read_cles(tx, ident)
    cours = Application(
        service=service,
        # A line does what its depositor could do, and no more.
        acces=Acces(row.client_id, collectivite, frozenset(row.portees)),
        import_id=ident,
        nom=row.type,
        type=types[row.type],
        essai=row.essai,
        traitees=row.lignes_traitees,
        compteurs={nom: row.compteurs.get(nom, 0) for nom in CompteursLignes.model_fields},
        cles=cles,
    )
    lecteur = Lecteur(cours.type)
    lot: list[Ligne] = []
    async for octets in _lignes(service, interne, ident, apres=cours.traitees):
        lot.append(lecteur.lire(octets))
        if len(lot) == LOT:
            faites = await _appliquer(cours, lot)
            if faites is None:
                return
            del lot[:faites]
    while lot:
        faites = await _appliquer(cours, lot)
        if faites is None:
            return
        del lot[:faites]
    async with service.base.transaction(interne, attente=ATTENTE_TRAVAIL) as tx:
        if not await queries.hold_import(tx, ident, lues=cours.traitees):
            return
        version = await queries.finish_import(
            tx, ident, StatutImport.TERMINEE, termine_le=service.horloge()
        )
        await publier(tx, fait(service.nom, StatutImport.TERMINEE, ident, version))
    _log.info("import_fini", import_id=import_id, type=cours.nom, **cours.compteurs)


def fait(service: str, statut: StatutImport, import_id: UUID, version: int) -> Fait:
    """The fact that tells where an import has come to: received, ended, cancelled."""
    if statut is StatutImport.EN_ATTENTE:
        return Fait(f"{service}.import.recu", "imports", import_id, version, Operation.CREATION)
    nom = f"{service}.import.{statut.value}"
    return Fait(nom, "imports", import_id, version, Operation.MODIFICATION)


async def _lignes(
    service: Service, acces: Acces, import_id: UUID, *, apres: int
) -> AsyncIterator[bytes | None]:
    """The lines that follow those done; None for one that is too long, which is not kept whole."""
    reste = b""
    rang = 0
    for numero in itertools.count():
        async with service.base.transaction(acces) as tx:
            scelle = await queries.read_morceau(tx, import_id, numero)
        if scelle is None:
            break
        *lignes, reste = (reste + service.coffre.ouvrir(scelle, CONTEXTE)).split(b"\n")
        for ligne in lignes:
            rang += 1
            if rang > apres:
                yield ligne if len(ligne) <= LIGNE_MAX else None
        reste = reste[: LIGNE_MAX + 1]
    if reste and rang + 1 > apres:
        yield reste if len(reste) <= LIGNE_MAX else None


async def _appliquer(cours: Application, lot: list[Ligne]) -> int | None:
    """Apply some lines and return how many, or None when this import is no longer ours.

    What is short for a moment is waited for; a job that fails is tried again from there.
    """
    for reprise in itertools.count(1):
        try:
            return await _appliquer_lot(cours, lot)
        except (DBAPIError, PoolTimeout) as error:
            passagere = problems.from_database(error).code == "surcharge"
            if not passagere or reprise == _REPRISES:
                raise
        await asyncio.sleep(_PAUSE_S)
    return None


async def _appliquer_lot(cours: Application, lot: list[Ligne]) -> int | None:
    clock = asyncio.get_running_loop().time
    compteurs, cles, essayees = dict(cours.compteurs), set[str](), dict(cours.essayees)
    resultats: list[dict[str, Any]] = []
    async with cours.service.base.transaction(cours.acces, attente=ATTENTE_TRAVAIL) as tx:
        debut = clock()
        tx.lot = cours.import_id
        if cours.traitees % _PLANS < LOT:
            await queries.plan_again(tx)
        if not await queries.hold_import(tx, cours.import_id, lues=cours.traitees):
            return None
        voulues = [ligne.reference for ligne in lot if ligne.reference is not None]
        connues = await queries.read_references(tx, cours.nom, voulues) | essayees
        for rang, ligne in enumerate(lot, start=cours.traitees + 1):
            if ligne.cle is not None and (ligne.cle in cours.cles or ligne.cle in cles):
                double = Erreur("/ligne_cle", "hors-bornes", "Deja dans le fichier")
                sort: Sort = (StatutLigne.REFUSEE, None, Validation([double]))
            else:
                sort = await _appliquer_ligne(cours, tx, ligne, connues)
            if ligne.cle is not None:
                cles.add(ligne.cle)
            statut, ressource_id, refus = sort
            compteurs["lues"] += 1
            compteurs[_PLURIEL[statut]] += 1
            resultats.append(
                {
                    "import_id": cours.import_id,
                    "ligne": rang,
                    "ligne_cle": ligne.cle,
                    "statut": statut.value,
                    "ressource_id": ressource_id,
                    "probleme": refus and _probleme(refus),
                }
            )
            if clock() - debut > LOT_S:
                break
        traitees = cours.traitees + len(resultats)
        await queries.advance(
            tx, cours.import_id, traitees=traitees, compteurs=compteurs, resultats=resultats
        )
    if cours.essai:
        cours.essayees = connues
    cours.traitees, cours.compteurs = traitees, compteurs
    cours.cles |= cles
    return len(resultats)


Sort = tuple[StatutLigne, UUID | None, Refus | None]


async def _appliquer_ligne(
    cours: Application,
    tx: Transaction,
    ligne: Ligne,
    connues: dict[str, tuple[UUID | None, bytes]],
) -> Sort:
    """Apply one line: what it became, the resource, and why it is refused if it is."""
    if ligne.refus is not None:
        return StatutLigne.REFUSEE, None, ligne.refus
    empreinte = cours.service.coffre.empreinte(ligne.empreinte.hex())
    connue = connues.get(ligne.reference) if ligne.reference is not None else None
    if connue is not None and connue[1] == empreinte:
        return StatutLigne.IDENTIQUE, connue[0], None
    await tx.connexion.execute(_SAVE)
    try:
        sort = await _agir(cours, tx, ligne, connue)
        # What is checked at the commit would refuse the other lines with this one, or no trial.
        await tx.connexion.execute(_TOUT_VERIFIER)
        await tx.connexion.execute(_VERIFIER_A_LA_FIN)
        if ligne.reference is not None and sort[1] is not None:
            if not cours.essai:
                await queries.keep_reference(tx, cours.nom, ligne.reference, sort[1], empreinte)
            ressource_id = None if cours.essai and connue is None else sort[1]
            connues[ligne.reference] = (ressource_id, empreinte)
    except Refus as refus:
        if refus.status >= 500:
            raise
        await tx.connexion.execute(_UNDO)
        return StatutLigne.REFUSEE, None, refus
    except DBAPIError as error:
        # Short of something for a moment, or gone: not the line's fault. One that always lasts too
        # long is: tried for ever, it would hold back every file after it.
        if not isinstance(problems.from_database(error), problems.Interne | problems.DelaiDepasse):
            raise
        return await _fautive(tx, error)
    except Exception as error:  # a line that no act foresaw must not stop the others
        return await _fautive(tx, error)
    if cours.essai:
        await tx.connexion.execute(_UNDO)
        if sort[0] is StatutLigne.CREEE:
            return StatutLigne.CREEE, None, None
    return sort


async def _agir(
    cours: Application,
    tx: Transaction,
    ligne: Ligne,
    connue: tuple[UUID | None, bytes] | None,
) -> Sort:
    ressource_id: UUID | None
    if connue is None:
        effet = await cours.type.creer(cours.service, tx, ligne.demande, **(ligne.parents or {}))
        assert effet.location is not None
        ressource_id = UUID(effet.location.rsplit("/", 1)[-1])
        if effet.status == 201:
            return StatutLigne.CREEE, ressource_id, None
    else:
        ressource_id = connue[0]
        if cours.type.modifier is None:
            raise ReferenceExterneExistante(**({"id": ressource_id} if ressource_id else {}))
        if ressource_id is None:  # of a trial: there is nothing yet to change
            return StatutLigne.MODIFIEE, None, None
        effet = await cours.type.modifier(cours.service, tx, ressource_id, ligne.demande)
    return StatutLigne.MODIFIEE if effet.change else StatutLigne.IDENTIQUE, ressource_id, None


async def _fautive(tx: Transaction, error: Exception) -> Sort:
    problems.log_fault(error)
    await tx.connexion.execute(_UNDO)
    return StatutLigne.REFUSEE, None, problems.Interne()


def _probleme(refus: Refus) -> dict[str, Any]:
    return {
        "code": refus.code,
        "titre": refus.title,
        **to_jsonable_python({nom: un for nom, un in refus.members.items() if un is not None}),
    }


async def abandonner_import(service: Service, *, import_id: str, collectivite: str) -> None:
    """Say failed a file that cannot be applied: the lines that are done stay done."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        if await queries.start_import(tx, UUID(import_id), service.horloge()) is not None:
            await _abandonner(service, tx, UUID(import_id))


async def _abandonner(service: Service, tx: Transaction, import_id: UUID) -> None:
    version = await queries.finish_import(
        tx,
        import_id,
        StatutImport.ECHOUEE,
        termine_le=service.horloge(),
        probleme={"code": MOTIF_ABANDON, "ligne": None, "champ": None},
    )
    await publier(tx, fait(service.nom, StatutImport.ECHOUEE, import_id, version))


async def purger_imports(service: Service, collectivite: str) -> None:
    """Forget results past their time, and files that could not be applied in as long."""
    acces = service.acces_interne(collectivite)
    avant = service.horloge() - timedelta(days=IMPORTS_JOURS)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        for import_id in await queries.lock_abandonnes(tx, avant):
            await _abandonner(service, tx, import_id)
        expires = await queries.with_resultats(tx, avant)
    # A transaction an import: many at once would outlast a statement.
    for import_id in expires:
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            await queries.forget_resultats(tx, import_id)
