"""What is left of a file goes in its time: read or not, nothing of it is kept for ever."""

from datetime import timedelta
from uuid import UUID

from services.orientation.imports import queries
from services.orientation.imports.rules import RESULTATS_JOURS
from shared.schemas.commun import Operation
from shared.schemas.imports import StatutImport
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.service import Service

MOTIF_ABANDON = "lecture_abandonnee"


async def purger_imports(service: Service, collectivite: str) -> None:
    """Forget results past their time, and files that could not be read in as long.

    A file goes when its reading ends. One that a job tries again for ever would stay, sealed, with
    the NIR it holds: it ends as failed, and the job finds it done.
    """
    acces = service.acces_interne(collectivite)
    avant = service.horloge() - timedelta(days=RESULTATS_JOURS)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        for import_id in await queries.lock_abandonnes(tx, avant):
            await _abandonner(service, tx, import_id)
        expires = await queries.with_resultats(tx, avant)
    # A transaction an import: a year of files at once would outlast a statement.
    for import_id in expires:
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            await queries.forget_resultats(tx, import_id)


async def abandonner_flux(service: Service, *, import_id: str, collectivite: str) -> None:
    """Say failed a file that cannot be read: the foyers that are done stay done."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        row = await queries.read_import(tx, UUID(import_id))
        if row.statut in (StatutImport.EN_ATTENTE, StatutImport.EN_COURS):
            await _abandonner(service, tx, row.id)


async def _abandonner(service: Service, tx: Transaction, import_id: UUID) -> None:
    probleme = {"code": MOTIF_ABANDON, "ligne": None, "champ": None}
    version = await queries.finish_import(
        tx, import_id, StatutImport.ECHOUEE, termine_le=service.horloge(), probleme=probleme
    )
    nom = "orientation.import.echouee"
    await publier(tx, Fait(nom, "imports", import_id, version, Operation.MODIFICATION))
