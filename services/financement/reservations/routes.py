"""Reservations: places and cents together, until confirmed, given back or due."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.engagements.queries import store_reserve
from services.financement.journal.queries import inscrire
from services.financement.journal.rules import Ecriture, lignes_engagement, lignes_reservation
from services.financement.reservations import queries, rules
from services.financement.reservations.expiration import expirer
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.actions import StatutAction
from shared.schemas.financement.engagements import Engagement
from shared.schemas.financement.journal import EvenementJournal, Livre
from shared.schemas.financement.reservations import (
    AnnulationCreation,
    ConfirmationCreation,
    PageReservations,
    Reservation,
    ReservationCreation,
    StatutReservation,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("reservations")

_ReservationId = Annotated[
    UUID,
    Path(description="Une réservation", examples=["019cb40d-5aa0-78d0-9738-f7d93d9c1724"]),
]


def _lecture(operation: str, parametre: str) -> dict[str, Any]:
    """The link from what an act answers to the operation that reads it again."""
    lien = {"operationId": operation, "parameters": {parametre: "$response.body#/id"}}
    return {"links": {"lecture": lien}}


def _render(row: Row[Any], instant: datetime) -> Reservation:
    """What is due is shown as the sweeper will write it, version included (I-41)."""
    values = {
        **row._mapping,
        "ventilation": [
            {"enveloppe_id": ligne["objet_id"], "montant_centimes": ligne["quantite"]}
            for ligne in row.lignes
            if ligne["livre"] == Livre.ENG
        ],
    }
    statut = rules.statut_a(StatutReservation(row.statut), row.expire_le, instant)
    if statut != row.statut:
        values |= {
            "statut": statut,
            "version": row.version + 1,
            "resolue_le": row.expire_le,
            "modifie_le": row.expire_le,
        }
    return Reservation.model_validate(values)


@router.post(
    "/reservations",
    status_code=201,
    response_model=Reservation,
    summary="Réserver des places et un montant",
    dependencies=[portee("financement:ecrire")],
    responses=refusals(
        Introuvable, TransitionInterdite, rules.DisponibleInsuffisant, rules.HorsPeriode
    ),
)
async def creer_reservation(
    demande: ReservationCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Retient des places et un montant d'une action, ensemble ou pas du tout.

    Le montant se répartit sur les enveloppes de la clé, au centime. Sans confirmation avant
    `expire_le`, tout est rendu de soi-même. Ne prend pas d'If-Match : le disponible décide.
    Portée `financement:ecrire`. Publie `financement.reservation.creee`.
    """

    async def reserver() -> Effet:
        rules.verifier_demande(demande)
        fuseau, instant = await service.fuseau(tx), service.horloge()
        etat, echues = await queries.lock_action(
            tx, demande.action_id, instant, paie=demande.montant_centimes > 0
        )
        jour = instant.astimezone(fuseau).date()
        tenues = rules.tenues_reservees(
            rules.apres_expirations(etat, echues),
            places=demande.places,
            montant_centimes=demande.montant_centimes,
            jour=jour,
        )
        ecritures = await expirer(tx, echues, fuseau)
        reservation_id = new_id()
        values = {
            **demande.model_dump(exclude={"duree_s"}),
            "id": reservation_id,
            "expire_le": instant + timedelta(seconds=demande.duree_s),
        }
        await queries.store_reservation(tx, {**values, "instant": instant}, tenues)
        await publier(tx, _fait("creee", reservation_id, 1, Operation.CREATION))
        ecritures.append(
            Ecriture(
                evenement=EvenementJournal.RESERVATION,
                date_effet=jour,
                lignes=lignes_reservation(tenues),
                action_id=demande.action_id,
                reservation_id=reservation_id,
            )
        )
        await inscrire(tx, ecritures, inscrite_le=instant)
        reservation = Reservation.model_validate(
            {
                **values,
                "version": 1,
                "cree_le": instant,
                "modifie_le": instant,
                "ventilation": [
                    {"enveloppe_id": tenue.objet_id, "montant_centimes": tenue.quantite}
                    for tenue in tenues
                    if tenue.livre is Livre.ENG
                ],
                "statut": StatutReservation.EN_ATTENTE,
                "resolue_le": None,
                "motif": None,
                "engagement_id": None,
            }
        )
        return Effet(reservation, location=f"/v1/reservations/{reservation_id}", version=1)

    return await once(tx, commande, reserver)


@router.post(
    "/reservations/{reservation_id}/confirmations",
    status_code=201,
    response_model=Engagement,
    summary="Confirmer une réservation, en tout ou partie",
    dependencies=[portee("financement:ecrire")],
    responses={
        **refusals(
            Introuvable,
            TransitionInterdite,
            rules.ReservationExpiree,
            rules.ReservationDejaResolue,
            rules.HorsPeriode,
        ),
        201: _lecture("obtenir_engagement", "engagement_id"),
    },
)
async def confirmer_reservation(
    reservation_id: _ReservationId,
    demande: ConfirmationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Engage ce qui est confirmé et occupe les places ; le reste de la réservation est rendu.

    À l'instant même de `expire_le`, il est trop tard. Rend l'engagement. Portée
    `financement:ecrire`. Publie `financement.reservation.confirmee` et
    `financement.engagement.cree`.
    """

    async def confirmer() -> Effet:
        row = await queries.lock_reservation(tx, reservation_id)
        # The gates may have been waited for: what counts is the instant at which they are held.
        fuseau, instant = await service.fuseau(tx), service.horloge()
        etat, parts = queries.etat_reservation(row)
        rules.exige_en_attente(etat, instant)
        rules.exige_vivante(StatutAction(row.statut_action))
        prises = rules.prises_confirmees(etat, parts, demande)
        jour = instant.astimezone(fuseau).date()
        rules.exige_fenetres([part for part in parts if prises[part.enveloppe_id]], jour)
        engagement_id = new_id()
        await publier(
            tx,
            _fait("confirmee", reservation_id, row.version + 1),
            Fait(
                "financement.engagement.cree",
                "engagements",
                engagement_id,
                1,
                Operation.CREATION,
            ),
        )
        engagement = await store_reserve(
            tx, engagement_id, etat, row.beneficiaire_ref, prises, jour, instant
        )
        ecriture = Ecriture(
            evenement=EvenementJournal.ENGAGEMENT,
            date_effet=jour,
            lignes=lignes_engagement(etat.tenues, prises),
            action_id=etat.action_id,
            reservation_id=reservation_id,
            engagement_id=engagement_id,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return Effet(engagement, location=f"/v1/engagements/{engagement_id}", version=1)

    return await once(tx, commande, confirmer)


@router.post(
    "/reservations/{reservation_id}/annulations",
    status_code=201,
    response_model=Reservation,
    summary="Annuler une réservation",
    dependencies=[portee("financement:ecrire")],
    responses={
        **refusals(Introuvable, rules.ReservationExpiree, rules.ReservationDejaResolue),
        201: _lecture("obtenir_reservation", "reservation_id"),
    },
)
async def annuler_reservation(
    reservation_id: _ReservationId,
    demande: AnnulationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Rend aussitôt les places et le montant réservés ; une réservation ne se résout qu'une fois.

    Portée `financement:ecrire`. Publie `financement.reservation.annulee`.
    """

    async def annuler() -> Effet:
        row = await queries.lock_reservation(tx, reservation_id)
        fuseau, instant = await service.fuseau(tx), service.horloge()
        etat, _ = queries.etat_reservation(row)
        rules.exige_en_attente(etat, instant)
        await queries.store_annulation(tx, reservation_id, demande.motif, instant)
        await publier(tx, _fait("annulee", reservation_id, row.version + 1))
        ecriture = rules.ecriture_liberation(
            etat, EvenementJournal.ANNULATION, instant.astimezone(fuseau).date()
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        row = await queries.read_reservation(tx, reservation_id)
        return Effet(
            _render(row, instant),
            location=f"/v1/reservations/{reservation_id}",
            version=row.version,
        )

    return await once(tx, commande, annuler)


@router.get(
    "/reservations",
    response_model=PageReservations,
    summary="Lister les réservations",
    dependencies=[portee("financement:lire")],
)
async def lister_reservations(
    page: Annotated[PageDemandee, page_de(PageReservations)],
    tx: TransactionDep,
    service: ServiceDep,
    action_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces actions",
            examples=[["019cad9d-67a0-7c02-9e41-6b1f0f5a2d33"]],
        ),
    ],
) -> Response:
    """Rend les réservations, les plus récentes d'abord, dans leur état à l'instant.

    Portée `financement:lire`.
    """
    rows = await queries.list_reservations(tx, page, action_id)
    instant = service.horloge()
    return rendre_page(page, rows, lambda row: _render(row, instant))


@router.get(
    "/reservations/{reservation_id}",
    response_model=Reservation,
    summary="Lire une réservation",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_reservation(
    reservation_id: _ReservationId, request: Request, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Rend une réservation dans son état à l'instant : échue, elle est `expiree`.

    Portée `financement:lire`.
    """
    row = await queries.read_reservation(tx, reservation_id)
    reservation = _render(row, service.horloge())
    return rendre_lecture(request, reservation, reservation.version)


def _fait(
    fait: str, reservation_id: UUID, version: int, operation: Operation = Operation.MODIFICATION
) -> Fait:
    nom = f"financement.reservation.{fait}"
    return Fait(nom, "reservations", reservation_id, version, operation)
