"""What parcours asks of the worker: to follow what orientation decides, notifies and is asked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog

from services.parcours import voisins
from services.parcours.accompagnements import queries, rules
from services.parcours.accompagnements.rules import OrientationDecidee
from services.parcours.contrats_engagement import queries as contrats
from services.parcours.contrats_engagement.rules import interruption
from services.parcours.immersions import travail as immersions
from services.parcours.imports.lignes import TYPES
from services.parcours.instantanes import EXTRAITS
from services.parcours.referents import queries as referents
from services.parcours.sorties import queries as sorties
from services.parcours.sorties.rules import date_retour, limite_retour
from services.parcours.synchronisations import travail as data_inclusion
from shared.clients.voisin import RefusVoisin
from shared.delais import Interruption
from shared.schemas.commun import Changement, Operation
from shared.schemas.orientation.imports import MouvementDetaille
from shared.schemas.parcours.accompagnement import MotifFinReferent
from shared.schemas.parcours.sorties import TypeMouvementDroit
from shared.socle import retention
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.exports.travail import TACHE, abandonner_export
from shared.socle.exports.travail import taches as exports
from shared.socle.ids import new_id
from shared.socle.imports.travail import abandonner_import, importer_lignes
from shared.socle.service import Service
from shared.socle.suivi import Suivi
from shared.socle.travailleur import Travail
from shared.socle.volumes import garde as volumes

DECISION = "orientation.decision.enregistree"
NOTIFICATION = "orientation.notification.enregistree"
ANNULATION = "orientation.decision.annulee"
# What a flux tells of the right. A suspension is no exit, and is not followed.
MOUVEMENTS = frozenset(f"orientation.mouvement.{type_}" for type_ in TypeMouvementDroit)
# Asked, then refused or withdrawn; accepted, the new decision tells.
REORIENTATIONS = frozenset(
    f"orientation.reorientation.{fait}" for fait in ("demandee", "refusee", "annulee")
)
# A merge of two persons, or its undoing, made it another's.
RATTACHEMENTS = frozenset(f"orientation.orientation.{fait}" for fait in ("rattachee", "retablie"))
_LECTURES = 8  # at once: a page of a hundred decisions must not take the sibling's whole pool

_log = structlog.get_logger()


_T = TypeVar("_T")


@dataclass(frozen=True)
class Lues:
    """What was read of orientation.

    Decisions, when they were notified, what interrupts them, whose those that a merge of persons
    moved are now, those that were annulled, and what fluxes told of the right.
    """

    decidees: Sequence[OrientationDecidee]
    notifications: Mapping[UUID, date]
    interruptions: Mapping[UUID, tuple[UUID, Interruption]]  # by request, with its orientation
    personnes: Mapping[UUID, UUID]
    annulees: Sequence[UUID]
    mouvements: Sequence[MouvementDetaille]


async def lire_orientations(
    service: Service, collectivite: str, changements: Sequence[Changement]
) -> Lues:
    """Read what the facts name, in their order, each once."""
    client = voisins.orientation(service, collectivite)
    guichet = asyncio.Semaphore(_LECTURES)

    async def lire(reading: Callable[[UUID], Awaitable[_T]], one_id: UUID) -> _T | None:
        async with guichet:
            try:
                return await reading(one_id)
            except RefusVoisin as refus:
                if refus.status not in (404, 410):
                    raise
                # Erased since: there is no one left to accompany.
                _log.warning("orientation_disparue", orientation_id=str(one_id))
                return None

    async def lire_tout(
        reading: Callable[[UUID], Awaitable[_T]], types: frozenset[str]
    ) -> list[_T]:
        ids = dict.fromkeys(one.id for one in changements if one.type in types)
        found = await asyncio.gather(*(lire(reading, one_id) for one_id in ids))
        return [one for one in found if one is not None]

    orientations = await lire_tout(
        client.lire_orientation, frozenset({DECISION, NOTIFICATION, *RATTACHEMENTS})
    )
    reorientations = await lire_tout(client.lire_reorientation, REORIENTATIONS)
    mouvements = await lire_tout(client.lire_mouvement, MOUVEMENTS)
    # A fact of notification opens nothing: the decision may have been replaced long since.
    decisions = {one.id for one in changements if one.type == DECISION}
    rattachees = {one.id for one in changements if one.type in RATTACHEMENTS}
    decidees = []
    for orientation in orientations:
        if orientation.id not in decisions:
            continue
        decidee = rules.orientation_decidee(orientation)
        if decidee is None:
            _log.warning("orientation_non_decidee", orientation_id=str(orientation.id))
        else:
            decidees.append(decidee)
    interruptions = {one.id: (one.orientation_id, interruption(one)) for one in reorientations}
    return Lues(
        decidees=decidees,
        notifications={
            one.id: one.date_notification
            for one in orientations
            if one.date_notification is not None
        },
        interruptions={
            one_id: (orientation_id, found)
            for one_id, (orientation_id, found) in interruptions.items()
            if found is not None
        },
        personnes={one.id: one.personne_id for one in orientations if one.id in rattachees},
        annulees=[one.id for one in changements if one.type == ANNULATION],
        mouvements=mouvements,
    )


async def appliquer_orientations(service: Service, tx: Transaction, lues: Lues) -> None:
    """Open a parcours for each decision, or turn the open one, then date what they owe.

    First of all whose each is: a decision read after a merge names the person kept.
    """
    if lues.personnes:
        await publier(tx, *await queries.follow_personnes(tx, lues.personnes))
    jour = await service.aujourdhui(tx)
    await _appliquer_decisions(tx, lues.decidees, jour)
    await publier(tx, *await sorties.close_annules(tx, lues.annulees, jour))
    if lues.mouvements:
        locaux = await contrats.read_delais_locaux(tx)
        await publier(tx, *await sorties.follow_mouvements(tx, lues.mouvements, locaux))
    await contrats.date_periodes(tx, lues.notifications, lues.interruptions)


async def _appliquer_decisions(
    tx: Transaction, decidees: Sequence[OrientationDecidee], jour: date
) -> None:
    """A known decision changes nothing."""
    connues = await queries.known_orientations(tx, [one.orientation_id for one in decidees])
    nouvelles = [one for one in decidees if one.orientation_id not in connues]
    locaux = await contrats.read_delais_locaux(tx) if nouvelles else ()
    for vague in rules.vagues(nouvelles):
        ouverts = await queries.lock_ouverts(tx, [one.personne_id for one in vague])
        sans = [one for one in vague if one.personne_id not in ouverts]
        clos = await sorties.lock_clos(tx, [one.personne_id for one in sans])
        retours = [
            (row, one, date_retour(one.date_effet, row.date_cloture))
            for one in sans
            if (row := clos.get(one.personne_id)) is not None
            and one.date_effet <= limite_retour(row.date_cloture, locaux)
        ]
        revenues = {one.personne_id for _, one, _ in retours}
        ouverture = [one for one in sans if one.personne_id not in revenues]
        suite = [(ouverts[one.personne_id], one) for one in vague if one.personne_id in ouverts]
        precedents = {personne_id: row.id for personne_id, row in clos.items()}
        ids = await queries.open_parcours(tx, ouverture, new_id, precedents)
        await sorties.reopen_by_decision(tx, retours)
        await queries.reorient_parcours(tx, suite, new_id)
        partis = await referents.end_organisme(
            tx,
            [
                (row.id, rules.debut_apres(one.date_effet, row.date_debut))
                for row, one in suite
                if row.organisme_referent_id != one.organisme_referent_id
            ],
            MotifFinReferent.REORIENTATION,
            jour,
        )
        a_signer = await contrats.bind_contrats(
            tx,
            {
                one.personne_id: (parcours_id, one.orientation_id, one.date_effet)
                for parcours_id, one in (
                    *zip(ids, ouverture, strict=True),
                    *((row.id, one) for row, one in suite),
                    *((row.id, one) for row, one, _ in retours),
                )
            },
        )
        await publier(
            tx,
            *(
                Fait("parcours.parcours.ouvert", "parcours", parcours_id, 1, Operation.CREATION)
                for parcours_id in ids
            ),
            *(
                Fait(
                    "parcours.parcours.reoriente",
                    "parcours",
                    row.id,
                    row.version + 1,
                    Operation.MODIFICATION,
                )
                for row, _ in suite
            ),
            *(
                Fait(
                    "parcours.parcours.rouvert",
                    "parcours",
                    row.id,
                    row.version + 1,
                    Operation.MODIFICATION,
                )
                for row, _, _ in retours
            ),
            *partis,
            *(
                Fait(
                    "parcours.contrat_engagement.a_signer",
                    "contrats-engagement",
                    contrat_id,
                    version,
                    Operation.MODIFICATION,
                )
                for contrat_id, version in a_signer
            ),
        )


TRAVAIL = Travail(
    taches={"importer_lignes": partial(importer_lignes, types=TYPES), **exports(EXTRAITS)},
    abandons={"importer_lignes": abandonner_import, TACHE: abandonner_export},
    periodiques={
        "lire_immersions": (immersions.PAUSE_S, immersions.lire_immersions),
        "synchroniser_data_inclusion": (
            data_inclusion.PAUSE_S,
            data_inclusion.synchroniser_data_inclusion,
        ),
        "purger_volumes": (retention.PAUSE_S, volumes.purger),
    },
    suivis=[
        Suivi(
            source="orientation",
            types=frozenset(
                {DECISION, NOTIFICATION, ANNULATION, *REORIENTATIONS, *RATTACHEMENTS, *MOUVEMENTS}
            ),
            lire=lire_orientations,
            appliquer=appliquer_orientations,
        )
    ],
)
