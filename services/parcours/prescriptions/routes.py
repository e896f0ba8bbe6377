"""Prescriptions: a frein, an action, and the place and cents that financement keeps for it.

Each command reads what it needs, calls financement with no connection held and a key derived
from the caller's, then writes. Whatever was lost between the two services, the same request
sent again finds both sides where it left them.
"""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.freins import queries as freins
from services.parcours.freins.episodes import commencer
from services.parcours.freins.rules import (
    DonneeSanteInterdite,
    connait_sante,
    exige_ecriture,
    exige_episode_ouvert,
    lit_sante,
)
from services.parcours.offres import personnes
from services.parcours.offres import queries as offres
from services.parcours.offres.rules import (
    demande_des_faits,
    exige_eligible,
    exige_prescriptible,
)
from services.parcours.prescriptions import queries, rules
from services.parcours.voisins import call_then_write, engager_reservation, financement
from shared.refus import Introuvable, Refus, TransitionInterdite
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.reservations import (
    AnnulationCreation,
    Reservation,
    ReservationCreation,
)
from shared.schemas.parcours.freins import CodeFrein, StatutFrein
from shared.schemas.parcours.prescriptions import (
    FinPrescriptionCreation,
    PagePrescriptions,
    Prescription,
    PrescriptionAnnulationCreation,
    PrescriptionConfirmationCreation,
    PrescriptionCreation,
    ReponsePrescriptionCreation,
    SensReponse,
    StatutPrescription,
)
from shared.socle.auth import Acces
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("prescriptions")

_PrescriptionId = Annotated[
    UUID, Path(description="Une prescription", examples=["019cb368-8f25-7160-8999-50d836f675ce"])
]


class DisponibleInsuffisant(Refus):
    """Told by financement, and told again as it said it; here it is only declared."""

    code = "disponible-insuffisant"


class HorsPeriode(Refus):
    """Told by financement."""

    code = "hors-periode"


class ReservationExpiree(Refus):
    """Told by financement."""

    code = "reservation-expiree"


class ReservationDejaResolue(Refus):
    """Told by financement."""

    code = "reservation-deja-resolue"


_ECRITURE = (
    Introuvable,
    ParcoursClos,
    TransitionInterdite,
    DonneeSanteInterdite,
)


@router.post(
    "/prescriptions",
    status_code=201,
    response_model=Prescription,
    summary="Prescrire une action pour un frein",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, DisponibleInsuffisant, HorsPeriode),
)
async def creer_prescription(
    demande: PrescriptionCreation, commande: CommandeDep, request: Request, service: ServiceDep
) -> Response:
    """Réserve ensemble places et montant d'une action, et prescrit ; ou ne fait rien.

    Ce que refuse le service financement est répondu tel quel ; s'il se tait, 503, et la même
    requête peut être renvoyée : une seule réservation est faite. Sans confirmation avant
    `expire_le`, elle tombe. Une condition de l'offre qui manque est nommée, et rien n'est réservé ;
    ce que rien ne dit est laissé à qui prescrit. Portée `parcours:ecrire`, et
    `parcours.sante:ecrire` pour un frein de santé. Publie `parcours.prescription.reservee`, sauf
    pour lui.
    """
    acces: Acces = request.state.acces

    async def reserver() -> tuple[Reservation, Row[Any] | None]:
        rules.verifier_creation(demande)
        async with service.base.transaction(acces) as tx:
            frein = await _prescribable(tx, demande.frein_id)
            jour = await service.aujourdhui(tx)
            offre = await _offre(tx, demande, frein, jour)
            faits = await offres.read_faits(tx, frein.parcours_id)
        request.state.parcours_lus = [frein.parcours_id]
        if offre is not None:
            await _exige_eligible(service, acces, offre, faits, jour)
        action_id = rules.action_prescrite(demande, None if offre is None else offre.action_id)
        assert action_id is not None  # `verifier_creation`, `exige_prescriptible`
        reservation = await financement(service, acces.collectivite).creer_reservation(
            ReservationCreation(
                action_id=action_id,
                places=demande.places,
                montant_centimes=demande.montant_centimes,
                beneficiaire_ref=frein.parcours_id,
                **({"duree_s": demande.duree_s} if demande.duree_s is not None else {}),
            ),
            cle=commande.cle_pour("reservation"),
            essai=commande.essai,
        )
        return reservation, offre

    async def prescrire(tx: Transaction, faite: tuple[Reservation, Row[Any] | None]) -> Effet:
        reservation, offre = faite
        # Time has passed since: what ended meanwhile leaves a reservation that falls by itself.
        frein = await _prescribable(tx, demande.frein_id)
        row = await queries.store_prescription(
            tx,
            {
                "id": new_id(),
                "parcours_id": frein.parcours_id,
                "frein_id": frein.id,
                "action_id": reservation.action_id,
                "offre_id": None if offre is None else offre.id,
                "offre_titre": None if offre is None else offre.titre,
                "montant_centimes": demande.montant_centimes,
                "places": demande.places,
                "statut": StatutPrescription.RESERVEE.value,
                "reservation_id": reservation.id,
                "expire_le": reservation.expire_le,
            },
            sante=frein.sante,
        )
        await _publish(tx, "parcours.prescription.reservee", row)
        return _effet(row, service)

    return await call_then_write(service, acces, commande, reserver, prescrire)


@router.get(
    "/prescriptions",
    response_model=PagePrescriptions,
    summary="Lister les prescriptions",
    dependencies=[portee("parcours:lire")],
)
async def lister_prescriptions(
    page: Annotated[PageDemandee, page_de(PagePrescriptions)],
    service: ServiceDep,
    tx: TransactionDep,
    statut: Annotated[
        list[StatutPrescription],
        Query(
            default_factory=list, max_length=8, description="États voulus", examples=[["reservee"]]
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
    frein_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Freins concernés",
            examples=[["019cb368-8f25-7160-8999-50d836f675cd"]],
        ),
    ],
) -> Response:
    """Rend les prescriptions, les plus récentes d'abord, dans leur état du moment.

    Portée `parcours:lire` ; celles d'un frein de santé n'y sont qu'avec `parcours.sante:lire`.
    """
    maintenant = service.horloge()
    rows = await queries.list_prescriptions(
        tx,
        page,
        sante=lit_sante(tx.acces.portees),
        parcours=parcours_id,
        freins=frein_id,
        statuts=statut,
        maintenant=maintenant,
    )
    return rendre_page(page, rows, lambda row: queries.render(row, maintenant))


@router.get(
    "/prescriptions/{prescription_id}",
    response_model=Prescription,
    summary="Lire une prescription",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_prescription(
    prescription_id: _PrescriptionId, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend une prescription dans son état du moment. Portée `parcours:lire`.

    Celle d'un frein de santé est introuvable sans `parcours.sante:lire`. `expiree` vient avec le
    temps, sans nouvelle version : `If-None-Match` n'y donne pas 304.
    """
    row = await queries.read_prescription(tx, prescription_id, sante=lit_sante(tx.acces.portees))
    return rendre(Effet(queries.render(row, service.horloge()), version=row.version, status=200))


@router.post(
    "/prescriptions/{prescription_id}/confirmations",
    status_code=201,
    response_model=Prescription,
    summary="Confirmer une prescription",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, HorsPeriode, ReservationExpiree, ReservationDejaResolue),
)
async def confirmer_prescription(
    prescription_id: _PrescriptionId,
    demande: PrescriptionConfirmationCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Engage ce qui était réservé, et met le frein en cours ; le montant en trop est rendu.

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un frein de santé. Publie
    `parcours.prescription.confirmee` et, la première fois, `parcours.frein.en_cours`, sauf pour
    lui.
    """
    acces: Acces = request.state.acces

    async def engager() -> tuple[Row[Any], UUID, int]:
        async with service.base.transaction(acces) as tx:
            prescription = await _resolvable(tx, prescription_id)
            await _prescribable(tx, prescription.frein_id)
        rules.verifier_montant(
            demande,
            places=prescription.places,
            reserve_centimes=prescription.montant_centimes,
        )
        if commande.essai:
            _exige_non_expiree(prescription, service)
            montant = demande.montant_centimes
            return (
                prescription,
                new_id(),
                prescription.montant_centimes if montant is None else montant,
            )
        engagement = await engager_reservation(
            financement(service, acces.collectivite),
            prescription.reservation_id,
            demande.montant_centimes,
            cle=commande.cle_pour("confirmation"),
        )
        return prescription, engagement.id, engagement.montant_centimes

    async def confirmer(tx: Transaction, engagement: tuple[Row[Any], UUID, int]) -> Effet:
        # Engaged is engaged: even if the parcours ended meanwhile, it is written where it stands.
        prescription, engagement_id, montant_centimes = engagement
        row = await _resolve(
            tx,
            prescription,
            StatutPrescription.CONFIRMEE,
            montant_centimes=montant_centimes,
            engagement_id=engagement_id,
            confirmee_le=service.horloge(),
        )
        await commencer(tx, row.frein_id, sante=row.sante)
        return _effet(row, service)

    return await call_then_write(service, acces, commande, engager, confirmer)


@router.post(
    "/prescriptions/{prescription_id}/annulations",
    status_code=201,
    response_model=Prescription,
    summary="Annuler une prescription réservée",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(
        Introuvable,
        TransitionInterdite,
        DonneeSanteInterdite,
        ReservationExpiree,
        ReservationDejaResolue,
    ),
)
async def annuler_prescription(
    prescription_id: _PrescriptionId,
    demande: PrescriptionAnnulationCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Rend les places et le montant réservés, même si le parcours est clos entre-temps.

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un frein de santé. Publie
    `parcours.prescription.annulee`, sauf pour lui.
    """
    acces: Acces = request.state.acces

    async def rendre_reservation() -> Row[Any]:
        async with service.base.transaction(acces) as tx:
            prescription = await _resolvable(tx, prescription_id)
        rules.verifier_annulation(demande, sante=prescription.sante)
        if commande.essai:
            _exige_non_expiree(prescription, service)
            return prescription
        await financement(service, acces.collectivite).creer_annulation(
            prescription.reservation_id,
            # The reason stays here: it is about a person, and financement knows none.
            AnnulationCreation(motif="Prescription annulee"),
            cle=commande.cle_pour("annulation"),
        )
        return prescription

    async def annuler(tx: Transaction, prescription: Row[Any]) -> Effet:
        row = await _resolve(
            tx,
            prescription,
            StatutPrescription.ANNULEE,
            montant_centimes=prescription.montant_centimes,
            motif=demande.motif,
        )
        return _effet(row, service)

    return await call_then_write(service, acces, commande, rendre_reservation, annuler)


@router.post(
    "/prescriptions/{prescription_id}/reponses",
    status_code=201,
    response_model=Prescription,
    summary="Enregistrer la réponse de l'organisme",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(
        Introuvable,
        TransitionInterdite,
        DonneeSanteInterdite,
        ReservationExpiree,
        ReservationDejaResolue,
    ),
)
async def creer_reponse_prescription(
    prescription_id: _PrescriptionId,
    demande: ReponsePrescriptionCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Dit si l'organisme prend la personne ; refusée, ce qui était réservé est rendu.

    Acceptée, la réservation tient jusqu'à `expire_le`, et la prescription se confirme à son
    démarrage. Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un frein de santé. Publie
    `parcours.prescription.acceptee` ou `parcours.prescription.refusee`, sauf pour lui.
    """
    acces: Acces = request.state.acces
    vers = StatutPrescription(demande.sens)

    async def rendre_si_refusee() -> Row[Any]:
        async with service.base.transaction(acces) as tx:
            prescription = await _resolvable(tx, prescription_id)
        rules.verifier_reponse(demande)
        rules.exige_transition(StatutPrescription(prescription.statut), vers)
        if commande.essai:
            _exige_non_expiree(prescription, service)
        elif demande.sens is SensReponse.REFUSEE:
            await financement(service, acces.collectivite).creer_annulation(
                prescription.reservation_id,
                AnnulationCreation(motif="Prescription refusee"),
                cle=commande.cle_pour("refus"),
            )
        return prescription

    async def repondre(tx: Transaction, prescription: Row[Any]) -> Effet:
        if demande.motif is not None:
            row = await _resolve(
                tx,
                prescription,
                vers,
                montant_centimes=prescription.montant_centimes,
                motif_refus=demande.motif.value,
            )
            return _effet(row, service)
        held = await queries.lock_prescription(tx, prescription.id, sante=prescription.sante)
        maintenant = service.horloge()
        vu = rules.statut_a(held.statut, held.expire_le, maintenant)
        rules.exige_transition(vu, vers)
        row = await queries.accept_prescription(tx, held, maintenant)
        await _publish(tx, f"parcours.prescription.{vers}", row)
        return _effet(row, service)

    return await call_then_write(service, acces, commande, rendre_si_refusee, repondre)


@router.post(
    "/prescriptions/{prescription_id}/fins",
    status_code=201,
    response_model=Prescription,
    summary="Dire comment une prescription s'est achevée",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable, TransitionInterdite, DonneeSanteInterdite),
)
async def creer_fin_prescription(
    prescription_id: _PrescriptionId,
    demande: FinPrescriptionCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Dit une action confirmée menée à son terme, et ce qu'elle a fait au frein, ou abandonnée.

    L'effet est un élément de preuve : il ne lève pas le frein, ce que seul un référent fait. Ce qui
    est engagé le reste, même si le parcours est clos. Portée `parcours:ecrire`, et
    `parcours.sante:ecrire` pour un frein de santé. Publie `parcours.prescription.terminee` ou
    `parcours.prescription.abandonnee`, sauf pour lui.
    """

    async def achever() -> Effet:
        prescription = await queries.lock_prescription(
            tx, prescription_id, sante=connait_sante(tx.acces.portees)
        )
        exige_ecriture(sante=prescription.sante, portees=tx.acces.portees)
        vu = rules.statut_a(prescription.statut, prescription.expire_le, service.horloge())
        rules.exige_transition(vu, StatutPrescription(demande.issue))
        confirmee_le = prescription.confirmee_le or prescription.modifie_le
        rules.verifier_fin(
            demande,
            depuis=confirmee_le.astimezone(await service.fuseau(tx)).date(),
            jour=await service.aujourdhui(tx),
        )
        row = await queries.end_prescription(tx, prescription, demande)
        await _publish(tx, f"parcours.prescription.{demande.issue}", row)
        return _effet(row, service)

    return await once(tx, commande, achever)


async def _offre(
    tx: Transaction, demande: PrescriptionCreation, frein: Row[Any], jour: date
) -> Row[Any] | None:
    """Read the offer prescribed, of this day and for this frein; none: an action that has none."""
    if demande.offre_id is None:
        if demande.action_id is not None:
            rules.exige_offre(mene_a=await offres.mene_a(tx, demande.action_id))
        return None
    row = await offres.read_offre(tx, demande.offre_id)
    exige_prescriptible(offres.render(row), CodeFrein(frein.code), jour)
    return row


async def _exige_eligible(
    service: Service, acces: Acces, offre: Row[Any], faits: Row[Any], jour: date
) -> None:
    """Check an offer's conditions; orientation is asked only for what it knows, and must answer."""
    conditions = offres.conditions(offre)
    personne = (
        await personnes.connaitre(service, acces.collectivite, faits, jour)
        if demande_des_faits([conditions])
        else personnes.personne(faits, None, jour)
    )
    exige_eligible(conditions, personne)


async def _prescribable(tx: Transaction, frein_id: UUID) -> Row[Any]:
    """Read a frein that this token may prescribe for: its episode and its parcours are open."""
    frein = await freins.read_frein(tx, frein_id, sante=connait_sante(tx.acces.portees))
    exige_ecriture(sante=frein.sante, portees=tx.acces.portees)
    exige_ouvert(frein.statut_parcours)
    exige_episode_ouvert(StatutFrein(frein.statut))
    return frein


async def _resolvable(tx: Transaction, prescription_id: UUID) -> Row[Any]:
    """Read a prescription that this token may resolve, and that is not resolved yet."""
    prescription = await queries.read_prescription(
        tx, prescription_id, sante=connait_sante(tx.acces.portees)
    )
    exige_ecriture(sante=prescription.sante, portees=tx.acces.portees)
    rules.exige_reservee(prescription.statut)
    return prescription


async def _resolve(
    tx: Transaction,
    prescription: Row[Any],
    statut: StatutPrescription,
    *,
    montant_centimes: int,
    engagement_id: UUID | None = None,
    motif: str | None = None,
    motif_refus: str | None = None,
    confirmee_le: datetime | None = None,
) -> Row[Any]:
    """Write how a reservation ended, and tell the feed."""
    row = await queries.resolve_prescription(
        tx,
        prescription,
        statut,
        montant_centimes=montant_centimes,
        engagement_id=engagement_id,
        motif=motif,
        motif_refus=motif_refus,
        confirmee_le=confirmee_le,
    )
    if row is None:  # by another command, which financement must have let through first
        raise ReservationDejaResolue
    await _publish(tx, f"parcours.prescription.{statut}", row)
    return row


def _exige_non_expiree(prescription: Row[Any], service: Service) -> None:
    """For a trial only: financement, which says it otherwise, is not called."""
    maintenant = service.horloge()
    if rules.statut_a(prescription.statut, prescription.expire_le, maintenant) == (
        StatutPrescription.EXPIREE
    ):
        raise ReservationExpiree


async def _publish(tx: Transaction, fait: str, prescription: Row[Any]) -> None:
    """Tell the feed; of what is for health it says nothing."""
    if not prescription.sante:
        version = prescription.version
        operation = Operation.CREATION if version == 1 else Operation.MODIFICATION
        await publier(tx, Fait(fait, "prescriptions", prescription.id, version, operation))


def _effet(row: Row[Any], service: Service) -> Effet:
    return Effet(
        queries.render(row, service.horloge()),
        location=f"/v1/prescriptions/{row.id}",
        version=row.version,
    )
