"""Payment credits: what may be mandated in a year."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.autorisations.queries import read_autorisation, read_ouverts
from services.financement.autorisations.rules import exige_votee
from services.financement.credits_paiement import queries, rules
from services.financement.journal.queries import inscrire, lock_disponibles, open_comptes
from services.financement.journal.rules import Ecriture, lignes_ouverture
from services.financement.references import exige
from shared.refus import Introuvable, TransitionInterdite, Validation
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.credits import (
    CreditPaiement,
    CreditPaiementCreation,
    EcheanceCpLigne,
    OuvertureCreditCommande,
    PageCreditsPaiement,
    StatutAutorisation,
)
from shared.schemas.financement.journal import EvenementJournal, Livre
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("credits-paiement")

_Exercice = Annotated[int, Field(ge=1900, le=2200)]


def _render(row: Row[Any]) -> CreditPaiement:
    soldes: dict[str, int] = row.soldes
    nette = soldes["mandate"] + soldes["rattache"] - row.contrepasse
    return CreditPaiement.model_validate(
        {
            **row._mapping,
            **{f"{poste}_centimes": solde for poste, solde in soldes.items()},
            "consommation_nette_centimes": nette,
        }
    )


async def _effet(tx: Transaction, credit_id: UUID) -> Effet:
    row = await queries.read_credit(tx, credit_id)
    location = f"/v1/credits-paiement/{credit_id}"
    return Effet(_render(row), location=location, version=row.version)


@router.post(
    "/credits-paiement",
    status_code=201,
    response_model=CreditPaiement,
    summary="Ouvrir les crédits de paiement d'une année",
    dependencies=[portee("financement:administrer")],
    responses=refusals(queries.CreditExistant, TransitionInterdite),
)
async def creer_credit_paiement(
    demande: CreditPaiementCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Ouvre ce qui pourra être mandaté dans l'année, et l'inscrit au journal.

    Ceux d'une autorisation ne dépassent pas son échéancier. Portée `financement:administrer`.
    Publie `financement.credit_paiement.ouvert`.
    """

    async def ouvrir() -> Effet:
        rules.verifier_credit(demande, await service.aujourdhui(tx))
        if demande.autorisation_engagement_id is not None:
            await lock_disponibles(tx, [demande.autorisation_engagement_id])
            await _exige_echeance(
                tx, demande.autorisation_engagement_id, demande.exercice, demande.montant_centimes
            )
        instant, credit_id = service.horloge(), new_id()
        values = demande.model_dump(exclude={"montant_centimes", "date_effet"})
        await queries.store_credit(
            tx, {**values, "id": credit_id, "cree_le": instant, "modifie_le": instant}
        )
        await open_comptes(tx, Livre.CP, credit_id)
        await _publier(tx, credit_id, Operation.CREATION)
        ecriture = _ouverture(
            credit_id, demande.montant_centimes, demande.date_effet, demande.source
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return await _effet(tx, credit_id)

    return await once(tx, commande, ouvrir)


@router.post(
    "/credits-paiement/{credit_paiement_id}/ouvertures",
    status_code=201,
    response_model=CreditPaiement,
    summary="Ouvrir davantage de crédits de paiement",
    dependencies=[portee("financement:administrer")],
    responses={
        **refusals(Introuvable, TransitionInterdite),
        201: {
            "links": {
                "lecture": {
                    "operationId": "obtenir_credit_paiement",
                    "parameters": {"credit_paiement_id": "$response.body#/id"},
                }
            }
        },
    },
)
async def creer_ouverture_credit(
    credit_paiement_id: UUID,
    demande: OuvertureCreditCommande,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Ajoute aux crédits de l'année ce qu'une décision modificative ouvre. Rend les crédits.

    Portée `financement:administrer`. Publie `financement.credit_paiement.ouvert`.
    """

    async def ouvrir() -> Effet:
        row = await queries.read_credit(tx, credit_paiement_id)
        jour = await service.aujourdhui(tx)
        if erreurs := rules.erreurs_ouverture(demande, row.exercice, jour):
            raise Validation(erreurs)
        autorisation_id = row.autorisation_engagement_id
        await lock_disponibles(tx, [one for one in (credit_paiement_id, autorisation_id) if one])
        if autorisation_id is not None:
            await _exige_echeance(tx, autorisation_id, row.exercice, demande.montant_centimes)
        await _publier(tx, credit_paiement_id, Operation.MODIFICATION)
        ecriture = _ouverture(
            credit_paiement_id, demande.montant_centimes, demande.date_effet, demande.source
        )
        await inscrire(tx, [ecriture], inscrite_le=service.horloge())
        return await _effet(tx, credit_paiement_id)

    return await once(tx, commande, ouvrir)


@router.get(
    "/credits-paiement",
    response_model=PageCreditsPaiement,
    summary="Lister les crédits de paiement",
    dependencies=[portee("financement:lire")],
)
async def lister_credits_paiement(
    page: Annotated[PageDemandee, page_de(PageCreditsPaiement)],
    tx: TransactionDep,
    exercice: Annotated[
        list[_Exercice],
        Query(
            default_factory=list, max_length=10, description="De ces exercices", examples=[[2026]]
        ),
    ],
    autorisation_engagement_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces autorisations",
            examples=[["019b789f-d7a0-7a25-8f60-3d1c94e7b052"]],
        ),
    ],
) -> Response:
    """Rend les crédits et leurs soldes, les plus récents d'abord. Portée `financement:lire`."""
    rows = await queries.list_credits(
        tx, page, exercices=exercice, autorisations=autorisation_engagement_id
    )
    return rendre_page(page, rows, _render)


@router.get(
    "/credits-paiement/{credit_paiement_id}",
    response_model=CreditPaiement,
    summary="Lire des crédits de paiement et leurs soldes",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_credit_paiement(credit_paiement_id: UUID, tx: TransactionDep) -> Response:
    """Rend des crédits et leurs soldes, qui bougent sans `version` : jamais 304.

    Portée `financement:lire`.
    """
    row = await queries.read_credit(tx, credit_paiement_id)
    return rendre(Effet(_render(row), version=row.version, status=200))


async def _exige_echeance(
    tx: Transaction, autorisation_id: UUID, exercice: int, montant_centimes: int
) -> None:
    """The authorisation's gate is held: nobody opens nor revises meanwhile."""
    lecture = read_autorisation(tx, autorisation_id)
    row = await exige(lecture, "autorisation_engagement_id", "Autorisation inconnue")
    exige_votee(StatutAutorisation(row.statut))
    rules.exige_echeance(
        montant_centimes,
        exercice,
        [EcheanceCpLigne(**ligne) for ligne in row.revision["echeancier"]],
        (await read_ouverts(tx, autorisation_id)).get(exercice, 0),
    )


def _ouverture(credit_id: UUID, montant_centimes: int, jour: date, source: str) -> Ecriture:
    return Ecriture(
        evenement=EvenementJournal.OUVERTURE_CP,
        date_effet=jour,
        lignes=lignes_ouverture(Livre.CP, credit_id, montant_centimes),
        source=source,
    )


async def _publier(tx: Transaction, credit_id: UUID, operation: Operation) -> None:
    # Credits have nothing of their own that changes: their balances move without version.
    fait = Fait("financement.credit_paiement.ouvert", "credits-paiement", credit_id, 1, operation)
    await publier(tx, fait)
