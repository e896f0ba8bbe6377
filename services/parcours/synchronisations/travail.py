"""The worker's part: data·inclusion's catalogue read once a day, and ours rewritten from it.

It is read with no transaction open, and written by batches while the reading is held. What it did
not see is counted in the end, with its own end: a reading that is cut proves nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row

from services.parcours.offres.importation import Issue, fait, importer_service
from services.parcours.offres.rules import departements
from services.parcours.settings import acces_data_inclusion
from services.parcours.synchronisations import queries, rules
from shared.clients.data_inclusion import AccesDataInclusion, DataInclusion, ErreurDataInclusion
from shared.clients.data_inclusion import Lecture as Catalogue
from shared.refus import Validation
from shared.schemas.commun import Operation
from shared.schemas.parcours.synchronisations import StatutSynchronisation
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.service import Service

PAUSE_S, LOT = 300.0, 200
_REFUS_DITS = 50
_COMPTES = {
    Issue.NOUVELLE: "nouvelles",
    Issue.MODIFIEE: "modifiees",
    Issue.INCHANGEE: "inchangees",
}

_log = structlog.get_logger()


async def synchroniser_data_inclusion(service: Service, collectivite: str) -> None:
    """Read the catalogue, where there is a way in and it is time."""
    reglage = acces_data_inclusion(service.reglages, collectivite)
    if reglage is None:
        return
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        sync = await _commencer(service, tx)
    if sync is None:
        return
    client = DataInclusion(reglage, service.client)
    try:
        catalogue = await _lire(client, reglage, collectivite)
    except ErreurDataInclusion as error:
        _log.warning("data_inclusion", code=error.code)
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            values = {"statut": StatutSynchronisation.ECHOUEE.value, "erreur": error.code}
            if await queries.tenir(tx, sync.id):
                await _finir(service, tx, sync.id, values, "echouee")
        return
    comptes: Counter[str] = Counter(
        lues=len(catalogue.services), doublons=catalogue.doublons, manquantes=catalogue.manquants
    )
    refus: list[dict[str, str]] = []
    records = list(catalogue.services.values())
    for rang in range(0, len(records), LOT):
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            if not await queries.tenir(tx, sync.id):
                return
            lot = records[rang : rang + LOT]
            await _ranger(service, tx, lot, sync.cree_le, comptes, refus)
    await _conclure(service, collectivite, client, sync, comptes, refus)


async def _commencer(service: Service, tx: Transaction) -> Row[Any] | None:
    avant, maintenant = await queries.derniere(tx), service.horloge()
    statut = StatutSynchronisation(avant.statut) if avant else None
    commencee_le = avant.cree_le if avant else None
    if not rules.a_commencer(maintenant, statut=statut, commencee_le=commencee_le):
        return None
    if avant is not None and statut is StatutSynchronisation.EN_COURS:
        morte = await queries.abandonner(tx, avant.id, maintenant)
        if morte is not None:
            await publier(tx, _fait("echouee", morte))
    return await queries.commencer(tx, maintenant)


async def _lire(client: DataInclusion, reglage: AccesDataInclusion, collectivite: str) -> Catalogue:
    """What is placed in the collectivité, then what serves its communes from elsewhere."""
    found, thematiques = Catalogue(), rules.thematiques()
    for departement in departements(collectivite[:-1]):
        found.ajouter(await client.lister(departement, thematiques))
    for commune in reglage.communes:
        found.ajouter(await client.chercher(commune, thematiques=thematiques))
    return found


async def _ranger(
    service: Service,
    tx: Transaction,
    lot: Sequence[Mapping[str, Any]],
    debut: datetime,
    comptes: Counter[str],
    refus: list[dict[str, str]],
) -> None:
    """Make offers of some services, by the rules of the route."""
    jour = await service.aujourdhui(tx)
    vues: list[UUID] = []
    for record in lot:
        try:
            row, issue = await importer_service(tx, rules.service_lu(record), jour)
        except Validation as error:
            comptes["refusees"] += 1
            champ = error.members["erreurs"][0]["pointeur"].split("/")[1]
            if len(refus) < _REFUS_DITS:
                refus.append({"reference": str(record["id"])[:200], "champ": champ})
            continue
        comptes[_COMPTES[issue]] += 1
        vues.append(row.id)
    await queries.voir(tx, vues, debut)


async def _conclure(
    service: Service,
    collectivite: str,
    client: DataInclusion,
    sync: Row[Any],
    comptes: Counter[str],
    refus: Sequence[Mapping[str, str]],
) -> None:
    """Count what was not seen, and say gone what is: they are asked of each, one by one."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces) as tx:
        jour = await service.aujourdhui(tx)
        suivies = await queries.suivies(tx)
        absentes = await queries.non_vues(tx, sync.cree_le)
    comptent = rules.absences_comptees(vues=suivies - len(absentes), suivies=suivies)
    perdues: list[UUID] = []
    retrouvees: list[UUID] = []
    for row in absentes if comptent else ():
        if not rules.a_retirer(row.absences + 1, row.vue_le.date(), jour):
            continue
        try:
            la = await client.lire_service(row.reference)
        except ErreurDataInclusion as error:
            # Who cannot be asked about stays: the next reading asks again.
            _log.warning("data_inclusion", code=error.code)
            if error.a_reprendre:
                break
            continue
        (perdues if la is None else retrouvees).append(row.id)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        if not await queries.tenir(tx, sync.id):
            return
        await queries.voir(tx, retrouvees, sync.cree_le)
        comptes["absentes"] = len(absentes)
        if comptent:
            await queries.compter_absentes(tx, sync.cree_le)
            rows = await queries.retirer(tx, perdues, sync.cree_le, jour)
            comptes["retirees"] = len(rows)
            await publier(tx, *(fait("retiree", row, Operation.MODIFICATION) for row in rows))
        values = {"statut": StatutSynchronisation.TERMINEE.value, "refus": list(refus), **comptes}
        await _finir(service, tx, sync.id, values, "terminee")


async def _finir(
    service: Service, tx: Transaction, sync_id: UUID, values: Mapping[str, Any], nom: str
) -> None:
    row = await queries.finir(tx, sync_id, {**values, "fin_le": service.horloge()})
    await publier(tx, _fait(nom, row))


def _fait(nom: str, row: Row[Any]) -> Fait:
    return Fait(
        f"parcours.synchronisation_data_inclusion.{nom}",
        "synchronisations-data-inclusion",
        row.id,
        row.version,
        Operation.MODIFICATION,
    )
