"""Orders to pay by the ordonnateur; then the comptable, who is another, takes or rejects them."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import Field
from sqlalchemy import Row
from starlette.responses import Response

from services.financement import tables
from services.financement.engagements.rules import lignes_transfert
from services.financement.enveloppes.rules import exige_non_soldees
from services.financement.journal.queries import PasseNegatif, inscrire
from services.financement.journal.rules import Ecriture, Ligne, PeriodeClose
from services.financement.liquidations.queries import lock_liquidation, update_liquidation
from services.financement.liquidations.routes import LiquidationId
from services.financement.liquidations.rules import RolesCumules, statut_certifie
from services.financement.mandats import queries, rules
from services.financement.mandats.rules import EtatMandat
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.journal import EvenementJournal, Poste
from shared.schemas.financement.liquidations import StatutLiquidation
from shared.schemas.financement.mandats import (
    Mandat,
    MandatCreation,
    PageMandats,
    PagePaiements,
    PageRemboursements,
    Paiement,
    PaiementCreation,
    PriseEnChargeCreation,
    RejetMandatCreation,
    Remboursement,
    RemboursementCreation,
    StatutMandat,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("mandats")

COMPTABLE = "financement.comptable:ecrire"
_MandatId = Annotated[
    UUID,
    Path(description="Un mandat", examples=["019cb40d-5aa0-7e62-8f1b-90d4c5a37b28"]),
]
# Read from a query, where all is text: `Annee` is strict.
_Exercice = Annotated[int, Field(ge=1900, le=2200)]
_REFUS = refusals(
    Introuvable,
    VersionDepassee,
    TransitionInterdite,
    DisponibleInsuffisant,
    PasseNegatif,
    PeriodeClose,
    RolesCumules,
)
_LECTURE: dict[int | str, dict[str, Any]] = {
    201: {
        "links": {
            "lecture": {
                "operationId": "obtenir_mandat",
                "parameters": {"mandat_id": "$response.body#/id"},
            }
        }
    }
}


@router.post(
    "/liquidations/{liquidation_id}/mandats",
    status_code=201,
    response_model=Mandat,
    summary="Mandater une liquidation",
    dependencies=[portee("financement.ordonnateur:ecrire")],
    responses=refusals(
        Introuvable,
        VersionDepassee,
        TransitionInterdite,
        DisponibleInsuffisant,
        PasseNegatif,
        PeriodeClose,
    ),
)
async def creer_mandat(
    liquidation_id: LiquidationId,
    demande: MandatCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Ordonne de payer une liquidation : numérote le mandat dans l'exercice, et l'impute.

    Avec `credit_id`, les crédits de paiement de l'exercice sont consommés par la même écriture ; il
    est requis quand l'engagement porte sur une autorisation. Un service fait rattaché à un exercice
    est mandaté dans un exercice suivant. `If-Match` est la version de la liquidation. Portée
    `financement.ordonnateur:ecrire`. Publie `financement.mandat.emis` et
    `financement.liquidation.mandatee`.
    """

    async def mandater() -> Effet:
        etat, credit = await queries.lock_a_mandater(tx, liquidation_id, version, demande.credit_id)
        aujourdhui, instant = await service.aujourdhui(tx), service.horloge()
        jour = rules.verifier_mandat(demande, etat, aujourdhui)
        montant = sum(etat.ventilation.values())
        if demande.credit_id is not None:
            rules.exige_credit(credit, montant, jour.year, etat.ae_id)
        mandat_id = new_id()
        values = {
            **demande.model_dump(),
            "id": mandat_id,
            "liquidation_id": liquidation_id,
            "exercice": jour.year,
            "date_emission": jour,
            "montant_centimes": montant,
            "instant": instant,
        }
        await queries.store_mandat(tx, values, etat.ventilation)
        await _avancer(tx, liquidation_id, StatutLiquidation.MANDATEE, "mandatee", instant)
        await publier(tx, _fait("emis", mandat_id, 1, Operation.CREATION))
        ecriture = Ecriture(
            evenement=EvenementJournal.MANDAT,
            date_effet=jour,
            lignes=rules.lignes_mandat(etat.ventilation, demande.credit_id),
            action_id=etat.action_id,
            engagement_id=etat.engagement_id,
            origine="mandats",
            origine_id=mandat_id,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return await _effet(tx, mandat_id)

    return await once(tx, commande, mandater)


@router.post(
    "/mandats/{mandat_id}/prises-en-charge",
    status_code=201,
    response_model=Mandat,
    summary="Prendre un mandat en charge",
    dependencies=[portee(COMPTABLE)],
    responses={**_REFUS, **_LECTURE},
)
async def creer_prise_en_charge(
    mandat_id: _MandatId,
    demande: PriseEnChargeCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Dit que le comptable prend le mandat en charge ; il peut alors le payer.

    Rend le mandat. Portée `financement.comptable:ecrire`. Publie
    `financement.mandat.pris_en_charge`.
    """

    async def prendre() -> Effet:
        etat = await _tenir(tx, mandat_id, version, StatutMandat.PRIS_EN_CHARGE)
        aujourdhui = await service.aujourdhui(tx)
        jour = demande.date_prise_en_charge or aujourdhui
        rules.verifier_jour(
            "date_prise_en_charge", jour, depuis=etat.date_emission, aujourdhui=aujourdhui
        )
        suivante = await queries.update_mandat(
            tx, etat, StatutMandat.PRIS_EN_CHARGE, service.horloge(), prise_en_charge=jour
        )
        await publier(tx, _fait("pris_en_charge", mandat_id, suivante))
        return await _effet(tx, mandat_id)

    return await once(tx, commande, prendre)


@router.post(
    "/mandats/{mandat_id}/rejets",
    status_code=201,
    response_model=Mandat,
    summary="Rejeter un mandat",
    dependencies=[portee(COMPTABLE)],
    responses={**_REFUS, **_LECTURE},
)
async def creer_rejet(
    mandat_id: _MandatId,
    demande: RejetMandatCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Rejette un mandat, avec un motif : sa liquidation peut être mandatée de nouveau.

    Rend le mandat. Portée `financement.comptable:ecrire`. Publie `financement.mandat.rejete` et
    `financement.liquidation.rouverte`.
    """

    async def rejeter() -> Effet:
        etat = await _tenir(tx, mandat_id, version, StatutMandat.REJETE)
        instant = service.horloge()
        suivante = await queries.update_mandat(
            tx, etat, StatutMandat.REJETE, instant, motif_rejet=demande.motif
        )
        row = await lock_liquidation(tx, etat.liquidation_id)
        statut = statut_certifie(row.montant_presente_centimes, row.montant_retenu_centimes)
        await _avancer(tx, etat.liquidation_id, statut, "rouverte", instant)
        await publier(tx, _fait("rejete", mandat_id, suivante))
        await _inscrire(
            tx,
            etat,
            EvenementJournal.REJET_MANDAT,
            rules.lignes_rejet(etat),
            await service.aujourdhui(tx),
            instant,
            source=demande.motif,
        )
        return await _effet(tx, mandat_id)

    return await once(tx, commande, rejeter)


@router.post(
    "/mandats/{mandat_id}/paiements",
    status_code=201,
    response_model=Mandat,
    summary="Enregistrer un paiement, en tout ou partie",
    dependencies=[portee(COMPTABLE)],
    responses={**_REFUS, **_LECTURE},
)
async def creer_paiement(
    mandat_id: _MandatId,
    demande: PaiementCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Enregistre un versement au tiers d'un mandat pris en charge ; payé en entier, il est `paye`.

    Jamais par qui a certifié le service fait ou mandaté. Rend le mandat. Portée
    `financement.comptable:ecrire`. Publie `financement.mandat.paye`.
    """

    async def payer() -> Effet:
        etat = await _tenir(tx, mandat_id, version, StatutMandat.PAYE)
        instant, aujourdhui = service.horloge(), await service.aujourdhui(tx)
        rules.verifier_jour(
            "date_valeur", demande.date_valeur, depuis=etat.date_emission, aujourdhui=aujourdhui
        )
        payes = rules.ventilation_payee(etat, demande.montant_centimes)
        statut = rules.statut_paye(etat, demande.montant_centimes)
        suivante = await queries.update_mandat(tx, etat, statut, instant, payes=payes)
        values = {
            **demande.model_dump(),
            "id": new_id(),
            "mandat_id": mandat_id,
            "cree_le": instant,
        }
        await queries.store_mouvement(tx, tables.Paiement, values, payes)
        await publier(tx, _fait("paye", mandat_id, suivante))
        await _inscrire(
            tx,
            etat,
            EvenementJournal.PAIEMENT,
            lignes_transfert(payes, Poste.MANDATE, Poste.PAYE),
            demande.date_valeur,
            instant,
            source=demande.reference_comptable,
        )
        return await _effet(tx, mandat_id)

    return await once(tx, commande, payer)


@router.post(
    "/mandats/{mandat_id}/remboursements",
    status_code=201,
    response_model=Mandat,
    summary="Enregistrer ce que le tiers rend de ce qui lui a été payé",
    dependencies=[portee(COMPTABLE)],
    responses={**_REFUS, **_LECTURE},
)
async def creer_remboursement(
    mandat_id: _MandatId,
    demande: RemboursementCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Enregistre ce que le tiers rend : disponible si l'enveloppe est ouverte, sinon annulé.

    Une enveloppe est ouverte jusqu'à la fin de sa fenêtre ; soldée, plus rien n'y bouge. L'état du
    mandat ne change pas. Rend le mandat. Portée `financement.comptable:ecrire`. Publie
    `financement.mandat.rembourse`.
    """

    async def rembourser() -> Effet:
        etat = await _tenir(tx, mandat_id, version, None)
        instant, aujourdhui = service.horloge(), await service.aujourdhui(tx)
        rules.verifier_jour(
            "date_valeur", demande.date_valeur, depuis=etat.date_emission, aujourdhui=aujourdhui
        )
        rendus = rules.ventilation_rendue(etat, demande.montant_centimes)
        exige_non_soldees(
            {one.statut_enveloppe for one in etat.lignes if one.enveloppe_id in rendus}
        )
        disponibles = rules.redevenus_disponibles(etat, rendus, demande.date_valeur)
        suivante = await queries.update_mandat(
            tx, etat, etat.statut, instant, rendus=rendus, disponibles=disponibles
        )
        values = {
            **demande.model_dump(),
            "id": new_id(),
            "mandat_id": mandat_id,
            "cree_le": instant,
        }
        await queries.store_mouvement(tx, tables.Remboursement, values, rendus)
        await publier(tx, _fait("rembourse", mandat_id, suivante))
        await _inscrire(
            tx,
            etat,
            EvenementJournal.REMBOURSEMENT,
            rules.lignes_remboursement(rendus, disponibles),
            demande.date_valeur,
            instant,
            source=demande.motif,
        )
        return await _effet(tx, mandat_id)

    return await once(tx, commande, rembourser)


@router.get(
    "/mandats",
    response_model=PageMandats,
    summary="Lister les mandats",
    dependencies=[portee("financement:lire")],
)
async def lister_mandats(
    page: Annotated[PageDemandee, page_de(PageMandats)],
    tx: TransactionDep,
    liquidation_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces liquidations",
            examples=[["019cb40d-5aa0-7d15-a2c9-4b83e7f06d51"]],
        ),
    ],
    exercice: Annotated[
        list[_Exercice],
        Query(
            default_factory=list, max_length=10, description="De ces exercices", examples=[[2026]]
        ),
    ],
    statut: Annotated[
        list[StatutMandat],
        Query(
            default_factory=list,
            max_length=4,
            description="Dans ces états",
            examples=[["emis"]],
        ),
    ],
) -> Response:
    """Rend les mandats, les plus récents d'abord. Portée `financement:lire`."""
    rows = await queries.list_mandats(
        tx, page, liquidations=liquidation_id, exercices=exercice, statuts=statut
    )
    return rendre_page(page, rows, queries.render)


@router.get(
    "/mandats/{mandat_id}",
    response_model=Mandat,
    summary="Lire un mandat",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_mandat(mandat_id: _MandatId, request: Request, tx: TransactionDep) -> Response:
    """Rend un mandat, et ce qui en est payé et rendu. Portée `financement:lire`."""
    row = await queries.read_mandat(tx, mandat_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.get(
    "/mandats/{mandat_id}/paiements",
    response_model=PagePaiements,
    summary="Lister les paiements d'un mandat",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_paiements(
    mandat_id: _MandatId,
    page: Annotated[PageDemandee, page_de(PagePaiements)],
    tx: TransactionDep,
) -> Response:
    """Rend les paiements d'un mandat, les plus récents d'abord. Portée `financement:lire`."""
    await queries.read_mandat(tx, mandat_id)
    rows = await queries.list_mouvements(tx, page, tables.Paiement, mandat_id)
    return rendre_page(page, rows, lambda row: Paiement.model_validate(_avec_auteur(row)))


@router.get(
    "/mandats/{mandat_id}/remboursements",
    response_model=PageRemboursements,
    summary="Lister ce que le tiers a rendu d'un mandat",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_remboursements(
    mandat_id: _MandatId,
    page: Annotated[PageDemandee, page_de(PageRemboursements)],
    tx: TransactionDep,
) -> Response:
    """Rend ce que le tiers a rendu, le plus récent d'abord. Portée `financement:lire`."""
    await queries.read_mandat(tx, mandat_id)
    rows = await queries.list_mouvements(tx, page, tables.Remboursement, mandat_id)
    return rendre_page(page, rows, lambda row: Remboursement.model_validate(_avec_auteur(row)))


def _avec_auteur(row: Row[Any]) -> dict[str, Any]:
    return {**row._mapping, "auteur": {"client_id": row.client_id}}


async def _tenir(
    tx: Transaction, mandat_id: UUID, version: int, vers: StatutMandat | None
) -> EtatMandat:
    """Hold an order for an act of the comptable, who is neither who certified nor who ordered."""
    etat = await queries.lock_mandat(tx, mandat_id, version)
    rules.exige_comptable(etat.ordonnateurs, tx.acces.auteur)
    if vers is not None:
        rules.exige_transition(etat.statut, vers)
    return etat


async def _avancer(
    tx: Transaction, liquidation_id: UUID, statut: StatutLiquidation, fait: str, instant: datetime
) -> None:
    suivante = await update_liquidation(tx, liquidation_id, instant, statut=statut)
    nom = f"financement.liquidation.{fait}"
    await publier(tx, Fait(nom, "liquidations", liquidation_id, suivante, Operation.MODIFICATION))


async def _inscrire(
    tx: Transaction,
    etat: EtatMandat,
    evenement: EvenementJournal,
    lignes: list[Ligne],
    jour: date,
    instant: datetime,
    *,
    source: str,
) -> None:
    ecriture = Ecriture(
        evenement=evenement,
        date_effet=jour,
        lignes=lignes,
        action_id=etat.action_id,
        engagement_id=etat.engagement_id,
        origine="mandats",
        origine_id=etat.id,
        source=source,
    )
    await inscrire(tx, [ecriture], inscrite_le=instant)


async def _effet(tx: Transaction, mandat_id: UUID) -> Effet:
    row = await queries.read_mandat(tx, mandat_id)
    return Effet(queries.render(row), location=f"/v1/mandats/{mandat_id}", version=row.version)


def _fait(
    fait: str, mandat_id: UUID, version: int, operation: Operation = Operation.MODIFICATION
) -> Fait:
    return Fait(f"financement.mandat.{fait}", "mandats", mandat_id, version, operation)
