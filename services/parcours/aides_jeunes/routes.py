"""The fonds d'aide aux jeunes: asked here, kept and engaged by financement on its envelope.

The calls are those of a prescription: made with no connection held and a key derived from the
caller's, so that the same request sent again finds both sides where it left them.
"""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.queries import lock_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.aides_jeunes import queries, rules
from services.parcours.voisins import (
    DEJA_RESOLUE,
    EXPIREE,
    call_then_write,
    engager_reservation,
    financement,
)
from shared.clients.financement import FinancementClient
from shared.clients.voisin import RefusVoisin
from shared.refus import Introuvable, Refus, TransitionInterdite
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.reservations import (
    AnnulationCreation,
    Reservation,
    ReservationCreation,
)
from shared.schemas.parcours.aides_jeunes import (
    AideJeune,
    AideJeuneAnnulationCreation,
    AideJeuneCreation,
    DecisionAideCreation,
    PageAidesJeunes,
    PageReglementsAide,
    ReglementAide,
    ReglementAideCreation,
    SensDecisionAide,
    StatutAide,
    VersementUrgenceCreation,
)
from shared.socle.auth import Acces
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import Commande, once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("aides-jeunes")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]
_AideId = Annotated[
    UUID,
    Path(description="Une aide aux jeunes", examples=["019cb368-8f25-7a63-b9d5-72e04c81f3a6"]),
]
_ReglementId = Annotated[
    UUID,
    Path(
        description="Un règlement du fonds d'aide aux jeunes",
        examples=["019b789f-d7a0-7b15-8a7e-c4d2906f3e81"],
    ),
]
# As long as financement keeps one: a commission meets each month.
_RESERVATION_S = 30 * 24 * 3600


class DisponibleInsuffisant(Refus):
    """Told by financement, and told again as it said it; here it is only declared."""

    code = "disponible-insuffisant"


class HorsPeriode(Refus):
    """Told by financement."""

    code = "hors-periode"


class ReservationExpiree(Refus):
    """Told by financement."""

    code = EXPIREE


class ReservationDejaResolue(Refus):
    """Told by financement."""

    code = DEJA_RESOLUE


_ECRITURE = (Introuvable, ParcoursClos, TransitionInterdite)
_ENGAGEMENT = (DisponibleInsuffisant, HorsPeriode, ReservationExpiree, ReservationDejaResolue)


@dataclass(frozen=True)
class _Suite:
    """What financement did, for what was read."""

    aide: Row[Any]
    values: dict[str, Any]


@router.post(
    "/parcours/{parcours_id}/aides-jeunes",
    status_code=201,
    response_model=AideJeune,
    summary="Demander une aide du fonds d'aide aux jeunes",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, DisponibleInsuffisant, HorsPeriode),
)
async def creer_aide_jeune(
    parcours_id: _ParcoursId,
    demande: AideJeuneCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Demande une aide, et en réserve le montant trente jours sur l'enveloppe du fonds.

    Âge et plafonds sont ceux du règlement en vigueur le jour de la demande. Ce que refuse
    financement est répondu tel quel ; s'il se tait, 503, et la même requête peut être renvoyée.
    Portée `parcours:ecrire`. Publie `parcours.aide_jeune.demandee`.
    """
    acces: Acces = request.state.acces

    async def reserver() -> Reservation:
        async with service.base.transaction(acces) as tx:
            await _verify(tx)
        return await financement(service, acces.collectivite).creer_reservation(
            _reservation(demande.action_id, parcours_id, demande.montant_centimes),
            cle=commande.cle_pour("reservation"),
            essai=commande.essai,
        )

    async def demander(tx: Transaction, reservation: Reservation) -> Effet:
        # Held now: two requests at once are counted one after the other. What is refused here
        # leaves a reservation that falls by itself.
        await _verify(tx)
        row = await queries.store_aide(
            tx,
            {
                **demande.model_dump(exclude={"montant_centimes"}),
                "id": new_id(),
                "parcours_id": parcours_id,
                "statut": StatutAide.DEMANDEE.value,
                "montant_demande_centimes": demande.montant_centimes,
                "montant_centimes": 0,
                "reservation_id": reservation.id,
                "expire_le": reservation.expire_le,
            },
        )
        return await _effet(tx, row)

    async def _verify(tx: Transaction) -> None:
        exige_ouvert((await lock_parcours(tx, parcours_id)).statut)
        rules.verifier_demande(
            demande,
            await queries.read_reglement(tx, demande.date_demande),
            await queries.read_deja(tx, parcours_id, demande.date_demande),
            await service.aujourdhui(tx),
        )

    return await call_then_write(service, acces, commande, reserver, demander)


@router.get(
    "/aides-jeunes",
    response_model=PageAidesJeunes,
    summary="Lister les aides du fonds d'aide aux jeunes",
    dependencies=[portee("parcours:lire")],
)
async def lister_aides_jeunes(
    page: Annotated[PageDemandee, page_de(PageAidesJeunes)],
    tx: TransactionDep,
    statut: Annotated[
        list[StatutAide],
        Query(
            default_factory=list, max_length=5, description="États voulus", examples=[["demandee"]]
        ),
    ],
    parcours_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Parcours concernés",
            examples=[["019cb368-8f25-7160-8999-50d836f675cc"]],
        ),
    ],
) -> Response:
    """Rend les aides, les dernières demandées d'abord. Portée `parcours:lire`."""
    rows = await queries.list_aides(tx, page, statuts=statut, parcours=parcours_id)
    return rendre_page(page, rows, queries.render)


@router.get(
    "/aides-jeunes/{aide_jeune_id}",
    response_model=AideJeune,
    summary="Lire une aide du fonds d'aide aux jeunes",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_aide_jeune(
    aide_jeune_id: _AideId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une aide, sa réservation et ce qui en a été décidé. Portée `parcours:lire`."""
    row = await queries.read_aide(tx, aide_jeune_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.post(
    "/aides-jeunes/{aide_jeune_id}/versements",
    status_code=201,
    response_model=AideJeune,
    summary="Verser une aide urgente avant la commission",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, *_ENGAGEMENT),
)
async def creer_versement_urgence(
    aide_jeune_id: _AideId,
    demande: VersementUrgenceCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Engage une aide demandée en urgence ; la commission dira ensuite si elle était due.

    Portée `parcours:ecrire`. Publie `parcours.aide_jeune.versee`.
    """
    acces: Acces = request.state.acces

    async def engager() -> _Suite:
        async with service.base.transaction(acces) as tx:
            aide = await _resolvable(tx, aide_jeune_id)
            reglement = await queries.read_reglement(tx, aide.date_demande)
            jour = await service.aujourdhui(tx)
        montant = rules.montant_verse(queries.etat(aide), demande.montant_centimes, reglement)
        values = {
            "statut": StatutAide.VERSEE.value,
            "montant_centimes": montant,
            "date_versement": jour,
        }
        return await _engager(service, acces, commande, _Suite(aide, values))

    return await call_then_write(service, acces, commande, engager, _ecrire)


@router.post(
    "/aides-jeunes/{aide_jeune_id}/decisions",
    status_code=201,
    response_model=AideJeune,
    summary="Enregistrer la décision de la commission",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, *_ENGAGEMENT),
)
async def decider_aide_jeune(
    aide_jeune_id: _AideId,
    demande: DecisionAideCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Attribue une aide, et l'engage dans financement ; ou la refuse, et rend ce qu'elle réservait.

    Une réservation tombée depuis est refaite, du montant demandé. Versée d'urgence, l'aide reste
    engagée, quoi que décide la commission, et même le parcours clos. Portée `parcours:ecrire`.
    Publie `parcours.aide_jeune.attribuee` ou `parcours.aide_jeune.refusee`, et avant elle
    `parcours.aide_jeune.demandee` de ce qui est refait.
    """
    acces: Acces = request.state.acces

    async def resoudre() -> _Suite:
        async with service.base.transaction(acces) as tx:
            aide = await _resolvable(tx, aide_jeune_id)
            jour = await service.aujourdhui(tx)
        statut, montant = rules.apres_decision(queries.etat(aide), demande, jour)
        values: dict[str, Any] = {
            "statut": statut.value,
            "montant_centimes": montant,
            "date_commission": demande.date_commission,
        }
        suite = _Suite(aide, values)
        if aide.statut == StatutAide.DEMANDEE:
            if demande.sens is SensDecisionAide.ATTRIBUTION:
                return await _engager(service, acces, commande, suite)
            await _liberer(service, acces, commande, aide.reservation_id)
        return suite

    return await call_then_write(service, acces, commande, resoudre, _ecrire)


@router.post(
    "/aides-jeunes/{aide_jeune_id}/annulations",
    status_code=201,
    response_model=AideJeune,
    summary="Retirer une demande d'aide",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, ReservationDejaResolue),
)
async def annuler_aide_jeune(
    aide_jeune_id: _AideId,
    demande: AideJeuneAnnulationCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Retire une demande avant tout versement, et rend ce qu'elle réservait.

    Portée `parcours:ecrire`. Publie `parcours.aide_jeune.annulee`.
    """
    acces: Acces = request.state.acces

    async def liberer() -> _Suite:
        async with service.base.transaction(acces) as tx:
            aide = await queries.read_aide(tx, aide_jeune_id)
            jour = await service.aujourdhui(tx)
        rules.verifier_annulation(queries.etat(aide), demande.date_annulation, jour)
        await _liberer(service, acces, commande, aide.reservation_id)
        values = {
            "statut": StatutAide.ANNULEE.value,
            "date_annulation": demande.date_annulation,
        }
        return _Suite(aide, values)

    return await call_then_write(service, acces, commande, liberer, _ecrire)


@router.post(
    "/reglements-aides-jeunes",
    status_code=201,
    response_model=ReglementAide,
    summary="Enregistrer un règlement du fonds d'aide aux jeunes",
    dependencies=[portee("parcours:administrer")],
    responses=refusals(rules.ReglementExistant),
)
async def creer_reglement_aide(
    demande: ReglementAideCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Enregistre âges et plafonds, du jour où ils valent ; les demandes d'avant gardent les leurs.

    Portée `parcours:administrer`. Rien n'est publié.
    """

    async def regler() -> Effet:
        rules.verifier_reglement(demande)
        values = demande.model_dump(mode="python", exclude={"source", "natures_plafonnees"})
        row = await queries.store_reglement(
            tx,
            {
                **values,
                "id": new_id(),
                "natures_plafonnees": [
                    ligne.model_dump(mode="json") for ligne in demande.natures_plafonnees
                ],
                "texte_source": demande.source,
            },
        )
        if row is None:
            raise rules.ReglementExistant
        return Effet(
            queries.render_reglement(row),
            location=f"/v1/reglements-aides-jeunes/{row.id}",
            version=1,
        )

    return await once(tx, commande, regler)


@router.get(
    "/reglements-aides-jeunes",
    response_model=PageReglementsAide,
    summary="Lister les règlements du fonds d'aide aux jeunes",
    dependencies=[portee("parcours:lire")],
)
async def lister_reglements_aide(
    page: Annotated[PageDemandee, page_de(PageReglementsAide)], tx: TransactionDep
) -> Response:
    """Rend les règlements, les derniers enregistrés d'abord. Portée `parcours:lire`."""
    rows = await queries.list_reglements(tx, page)
    return rendre_page(page, rows, queries.render_reglement)


@router.get(
    "/reglements-aides-jeunes/{reglement_aide_id}",
    response_model=ReglementAide,
    summary="Lire un règlement du fonds d'aide aux jeunes",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_reglement_aide(
    reglement_aide_id: _ReglementId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un règlement du fonds, qui ne change plus. Portée `parcours:lire`."""
    row = await queries.read_reglement_id(tx, reglement_aide_id)
    return rendre_lecture(request, queries.render_reglement(row), 1)


def _reservation(action_id: UUID, parcours_id: UUID, montant: int) -> ReservationCreation:
    return ReservationCreation(
        action_id=action_id,
        montant_centimes=montant,
        beneficiaire_ref=parcours_id,
        duree_s=_RESERVATION_S,
    )


async def _resolvable(tx: Transaction, aide_jeune_id: UUID) -> Row[Any]:
    """Read an aid; what was paid is still to be decided once the parcours is closed."""
    aide = await queries.read_aide(tx, aide_jeune_id)
    if aide.statut == StatutAide.DEMANDEE:
        exige_ouvert(aide.statut_parcours)
    return aide


async def _engager(service: Service, acces: Acces, commande: Commande, suite: _Suite) -> _Suite:
    """Engage an aid; what it held is reserved anew if the commission came after its fall."""
    aide, values = suite.aide, suite.values
    if commande.essai:
        return _Suite(aide, values | {"engagement_id": new_id()})
    voisin = financement(service, acces.collectivite)
    if service.horloge() >= aide.expire_le and not await _engagee(voisin, aide.reservation_id):
        aide = await _reserver_encore(service, acces, commande, aide)
    engagement = await engager_reservation(
        voisin,
        aide.reservation_id,
        values["montant_centimes"],
        cle=commande.cle_pour("confirmation"),
    )
    engage = {"engagement_id": engagement.id, "montant_centimes": engagement.montant_centimes}
    return _Suite(aide, values | engage)


async def _reserver_encore(
    service: Service, acces: Acces, commande: Commande, aide: Row[Any]
) -> Row[Any]:
    """Hold anew what fell, and write it before it is engaged: of two commands, one may engage.

    Keyed by the command and not by the aid: an envelope that was empty is refused under its key
    for good. All that was asked is held: whoever comes after a lost answer may grant it.
    """
    again = await financement(service, acces.collectivite).creer_reservation(
        _reservation(aide.action_id, aide.parcours_id, aide.montant_demande_centimes),
        cle=commande.cle_pour("reservation"),
    )
    tenue = {"reservation_id": again.id, "expire_le": again.expire_le}
    async with service.base.transaction(acces) as tx:
        row = await queries.replace_reservation(tx, aide, tenue)
        if row is not None:
            await _effet(tx, row)
            return row
        found = await queries.read_aide(tx, aide.id)
    if found.reservation_id != again.id:
        await _liberer(service, acces, commande, again.id)
    elif found.statut == aide.statut:
        # The same request, sent twice at once.
        return found
    raise TransitionInterdite(found.statut, rules.TRANSITIONS[StatutAide(found.statut)])


async def _liberer(
    service: Service, acces: Acces, commande: Commande, reservation_id: UUID
) -> None:
    """Give a reservation back; fallen or given back already, there is nothing to do."""
    if commande.essai:
        return
    voisin = financement(service, acces.collectivite)
    try:
        await voisin.creer_annulation(
            reservation_id,
            # The reason stays here: it is about a person, and financement knows none.
            AnnulationCreation(motif="Aide aux jeunes refusee ou retiree"),
            cle=commande.cle_pour("annulation"),
        )
    except RefusVoisin as refus:
        if refus.code not in (EXPIREE, DEJA_RESOLUE):
            raise
        if await _engagee(voisin, reservation_id):
            raise


async def _engagee(voisin: FinancementClient, reservation_id: UUID) -> bool:
    return (await voisin.lire_reservation(reservation_id)).engagement_id is not None


async def _ecrire(tx: Transaction, suite: _Suite) -> Effet:
    """Engaged is engaged: even if the parcours ended meanwhile, it is written where it stands."""
    return await _effet(tx, await queries.resolve_aide(tx, suite.aide, suite.values))


async def _effet(tx: Transaction, row: Row[Any]) -> Effet:
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    fait = f"parcours.aide_jeune.{row.statut}"
    await publier(tx, Fait(fait, "aides-jeunes", row.id, row.version, operation))
    return Effet(queries.render(row), location=f"/v1/aides-jeunes/{row.id}", version=row.version)
