"""The worker's part: the whole of their queue read, ours rewritten from it, and kept up to date.

A queue is read under a lease, with no transaction open. What is there is written by batches; what
is no longer there is said gone in the end, once the reading went to its own. The number by which
they name a person is compared, and kept, sealed, only while she is nobody's here.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row

from services.orientation.activites_france_travail import queries, rules
from services.orientation.france_travail.queries import reglage_en_vigueur
from services.orientation.france_travail.rules import reprise_dans
from services.orientation.france_travail.travail import client_de
from shared.clients.france_travail.client import FranceTravail
from shared.clients.france_travail.contrats import Activite
from shared.clients.france_travail.erreurs import ErreurFranceTravail
from shared.clients.france_travail.reprises import attente_s
from shared.clients.france_travail.vocabulaire import CodeActivite
from shared.schemas.commun import Operation
from shared.schemas.orientation.france_travail import (
    StatutActiviteFranceTravail,
)
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.service import Service

PAUSE_S, LOT = 60.0, 500
PERIODE = timedelta(minutes=15)  # of a whole reading: no quota is published for it
NUMERO = "activite_france_travail.numero"
_NUMERO = re.compile(r"[0-9]{11}")
_PREMIER = UUID(int=0)

_log = structlog.get_logger()


async def lire_activites_france_travail(service: Service, collectivite: str) -> None:
    """Read the queues whose turn it is, where a person opened it; then bring ours up to date.

    What is kept is compared to what is decided here even when all is closed: nothing is asked.
    """
    acces = service.acces_interne(collectivite)
    client = client_de(service, collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        reglage = await reglage_en_vigueur(tx)
    envoi = client is not None and reglage is not None and reglage.envoi
    if client is not None and reglage is not None and reglage.comparaison:
        for code in CodeActivite:
            if not await _lire_file(service, client, collectivite, code, envoi=envoi):
                break
    await _actualiser(service, collectivite, envoi=envoi)


async def _lire_file(
    service: Service,
    client: FranceTravail,
    collectivite: str,
    code: CodeActivite,
    *,
    envoi: bool,
) -> bool:
    """Read a queue if it is its turn; tell whether they may be asked for another."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        lecture = await queries.prendre_lecture(tx, code)
    if lecture is None:
        return True
    debut = service.horloge()
    try:
        lue = await client.chercher_activites(code.value)
    except ErreurFranceTravail as error:
        # Nothing was read to its end: what is kept stays as it is.
        raison = error.code or str(error.statut or "sans-reponse")
        _log.warning("activites_france_travail", file=code.value, code=raison)
        demandee_s = attente_s(error.retry_after, 1, hasard=0, maintenant=datetime.now(UTC))
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            await queries.finir_lecture(
                tx,
                lecture,
                complete_le=lecture.complete_le,
                code=raison,
                essais=lecture.essais + 1,
                dans=reprise_dans(lecture.essais + 1, demandee_s=demandee_s),
            )
        return not error.a_reprendre
    for rang in range(0, len(lue.activites), LOT):
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            if not await queries.tenir_lecture(tx, lecture):
                return True
            lot = lue.activites[rang : rang + LOT]
            await _ranger(service, tx, code, lot, debut, envoi=envoi)
    avant = rules.vues_avant(debut, precedente_le=lecture.complete_le, pages=lue.pages)
    reste = avant is not None
    while reste:
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            if not await queries.tenir_lecture(tx, lecture):
                return True
            assert avant is not None
            rows = await queries.retirer(tx, code.value, avant=avant, instant=debut, limite=LOT)
            await publier(tx, *(_fait("disparue", row.id, row.version) for row in rows))
            reste = len(rows) == LOT
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        await queries.finir_lecture(tx, lecture, complete_le=debut, dans=PERIODE)
    return True


async def _ranger(
    service: Service,
    tx: Transaction,
    code: CodeActivite,
    lot: Sequence[Activite],
    debut: datetime,
    *,
    envoi: bool,
) -> None:
    """Write some of the tasks that are in the queue, each as it is now."""
    gardees = await queries.connues(tx, [une.identifiant_activite for une in lot])
    numeros = {un for une in lot if (un := _numero(une)) is not None}
    personnes = await queries.reconnaitre(tx, sorted(numeros))
    situations = await queries.situations(tx, sorted(set(personnes.values())))
    jour = await service.aujourdhui(tx)
    nouvelles: list[dict[str, Any]] = []
    revues: list[UUID] = []
    decidees: list[UUID | None] = []
    faits: list[Fait] = []
    for une in lot:
        row, numero = gardees.get(une.identifiant_activite), _numero(une)
        personne = personnes.get(numero or "")
        connue = situations[personne] if personne else None
        statut, orientation = rules.situer(code, une.date_creation, connue)
        dites = {
            "statut": statut.value,
            "reconnue_id": personne,
            "orientation_id": orientation,
            "type_parcours_ft": une.attribut("typeParcours"),
            "organisme_ft": une.attribut("typeOrganismeAccompagnateur"),
            "creee_ft_le": une.date_creation,
            "date_echeance": une.date_echeance or (row.date_echeance if row else jour),
            "date_echeance_proche": une.date_echeance_proche,
            "disparue_le": None,
        }
        decidee = statut is StatutActiviteFranceTravail.DEJA_DECIDEE
        if decidee and (row is None or row.statut != statut.value):
            decidees.append(orientation)
        if row is not None and all(row._mapping[nom] == dit for nom, dit in dites.items()):
            revues.append(row.id)
            continue
        dites |= {"vue_le": debut, "numero_scelle": None}
        if personne is None and numero is not None:
            dites["numero_scelle"] = service.coffre.sceller(numero.encode(), NUMERO)
        if row is None:
            activite_id = new_id()
            connus = {"identifiant_ft": une.identifiant_activite, "code_activite": code.value}
            nouvelles.append({"id": activite_id, **connus, **dites})
            faits.append(_fait("apparue", activite_id, 1))
        elif (version := await queries.changer(tx, row, dites)) is not None:
            nom = "apparue" if row.disparue_le is not None else "modifiee"
            faits.append(_fait(nom, row.id, version))
    await queries.ajouter(tx, nouvelles)
    await queries.revoir(tx, revues, debut)
    if envoi:
        await queries.reprendre_envois(tx, decidees)
    await publier(tx, *faits)


async def _actualiser(service: Service, collectivite: str, *, envoi: bool) -> None:
    """Bring the tasks of people known here up to what was decided since: nothing is asked."""
    acces = service.acces_interne(collectivite)
    apres: UUID | None = _PREMIER
    while apres is not None:
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            rows = await queries.presentes(tx, apres, LOT)
            await _situer(tx, [row for row in rows if row.reconnue_id is not None], envoi=envoi)
        apres = rows[-1].id if len(rows) == LOT else None


async def _situer(tx: Transaction, rows: Sequence[Row[Any]], *, envoi: bool) -> None:
    if not rows:
        return
    gardees = await queries.gardees(tx, [row.reconnue_id for row in rows])
    situations = await queries.situations(tx, sorted(set(gardees.values())))
    faits: list[Fait] = []
    decidees: list[UUID | None] = []
    for row in rows:
        personne = gardees[row.reconnue_id]
        code = CodeActivite(row.code_activite)
        statut, orientation = rules.situer(code, row.creee_ft_le, situations[personne])
        if (row.statut, row.orientation_id) == (statut.value, orientation):
            continue
        dites = {"statut": statut.value, "orientation_id": orientation}
        version = await queries.changer(tx, row, dites)
        if version is None:
            continue
        faits.append(_fait("modifiee", row.id, version))
        if statut is StatutActiviteFranceTravail.DEJA_DECIDEE:
            decidees.append(orientation)
    if envoi:
        await queries.reprendre_envois(tx, decidees)
    await publier(tx, *faits)


def _numero(activite: Activite) -> str | None:
    """Whose it is; None where they name her otherwise than by a number."""
    identifiant = activite.usager.identifiant
    return identifiant if _NUMERO.fullmatch(identifiant) else None


def _fait(nom: str, activite_id: UUID, version: int) -> Fait:
    operation = Operation.CREATION if version == 1 else Operation.MODIFICATION
    return Fait(
        f"orientation.activite_france_travail.{nom}",
        "activites-france-travail",
        activite_id,
        version,
        operation,
    )
