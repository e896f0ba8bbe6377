"""The journal, as it is; and the one act on it: to undo an entry by another."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.enveloppes.queries import read_statuts, touch_enveloppes
from services.financement.enveloppes.rules import exige_non_soldees
from services.financement.journal import queries, rules
from services.financement.reservations.expiration import expirer
from services.financement.reservations.queries import lock_objets
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.journal import (
    ContrepassationCreation,
    Ecriture,
    EvenementJournal,
    PageEcritures,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("journal")

_EcritureId = Annotated[
    UUID,
    Path(description="Une écriture", examples=["019cad9d-67a0-726b-b2a7-4de452e6b438"]),
]


def rendre_ecriture(row: Row[Any]) -> Ecriture:
    """An entry, as the API answers it."""
    return Ecriture.model_validate(
        {
            **row._mapping,
            "empreinte_precedente": row.empreinte_precedente.hex(),
            "empreinte": row.empreinte.hex(),
        }
    )


@router.get(
    "/ecritures",
    response_model=PageEcritures,
    summary="Lister les écritures du journal",
    dependencies=[portee("financement:lire")],
)
async def lister_ecritures(
    page: Annotated[PageDemandee, page_de(PageEcritures, "seq")],
    tx: TransactionDep,
    objet_id: Annotated[
        Identifiant | None,
        Query(
            description="Qui touchent cette enveloppe, cette action ou un autre objet du journal",
            examples=["019b789f-d7a0-711d-ab0d-549b6f03675a"],
        ),
    ] = None,
) -> Response:
    """Rend le journal dans l'ordre de `seq`, de la première écriture à la dernière.

    Aucune n'est jamais changée ni retirée ; chacune porte l'empreinte de la précédente.
    Portée `financement:lire`.
    """
    return rendre_page(page, await queries.list_ecritures(tx, page, objet_id), rendre_ecriture)


@router.get(
    "/ecritures/{ecriture_id}",
    response_model=Ecriture,
    summary="Lire une écriture du journal",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_ecriture(
    ecriture_id: _EcritureId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une écriture et ses lignes, telles qu'inscrites. Portée `financement:lire`."""
    # An entry never changes: its version is, for ever, the first.
    return rendre_lecture(request, rendre_ecriture(await queries.read_ecriture(tx, ecriture_id)), 1)


@router.post(
    "/ecritures/{ecriture_id}/contrepassations",
    status_code=201,
    response_model=Ecriture,
    summary="Contre-passer une écriture",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, TransitionInterdite, DisponibleInsuffisant, rules.PeriodeClose),
)
async def creer_contrepassation(
    ecriture_id: _EcritureId,
    demande: ContrepassationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Inscrit les mêmes comptes et les mêmes quantités, côtés échangés, une seule fois.

    Pour ce qui ouvre, amende, vire, reporte, annule ou affecte, hors la clôture d'un exercice ; le
    reste se défait par un acte de ce qu'il a changé. Refusé si un solde, d'aujourd'hui ou passé,
    devenait négatif. Rend l'écriture nouvelle. Portée `financement:administrer`. Publie
    `financement.ecriture.contrepassee`.
    """

    async def contrepasser() -> Effet:
        instant, fuseau = service.horloge(), await service.fuseau(tx)
        rules.exige_effet(demande.date_effet, await service.aujourdhui(tx))
        ecriture = queries.ecriture_de(await queries.read_ecriture(tx, ecriture_id))
        objets = {ligne.objet_id for ligne in ecriture.lignes}
        echues = await lock_objets(tx, objets, instant)
        exige_non_soldees(await read_statuts(tx, objets))
        deja = await queries.read_contrepassation(tx, ecriture_id)
        rules.exige_contrepassable(ecriture, demande.date_effet, contrepassee=deja is not None)
        liberations = await expirer(tx, echues, fuseau)
        inverse = rules.lignes_contrepassation(ecriture.lignes)
        lignes = [*inverse, *(ligne for une in liberations for ligne in une.lignes)]
        soldes = await queries.read_soldes(tx, {ligne.objet_id for ligne in lignes})
        if rules.manquant(soldes, lignes):
            raise DisponibleInsuffisant
        await touch_enveloppes(tx, objets, instant)
        extourne = rules.Ecriture(
            evenement=EvenementJournal.CONTREPASSATION,
            date_effet=demande.date_effet,
            lignes=inverse,
            action_id=ecriture.action_id,
            extourne_de=ecriture_id,
            source=demande.source,
        )
        await queries.inscrire(tx, [*liberations, extourne], inscrite_le=instant)
        row = await queries.read_contrepassation(tx, ecriture_id)
        assert row is not None
        nom = "financement.ecriture.contrepassee"
        await publier(tx, Fait(nom, "ecritures", row.id, 1, Operation.CREATION))
        return Effet(rendre_ecriture(row), location=f"/v1/ecritures/{row.id}", version=1)

    return await once(tx, commande, contrepasser)
