"""Socio-professional data: declared once, they hint at what is to be asked, and answer nothing."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.criteres.sante import PORTEE, visibles
from services.orientation.dsp import queries, rules
from services.orientation.personnes.queries import lock_personne, read_personne
from services.orientation.personnes.rules import PersonneFusionnee
from shared.refus import Introuvable
from shared.schemas.commun import Auteur, Operation
from shared.schemas.orientation.personnes import (
    DeclarationDsp,
    DeclarationDspCreation,
    Indices,
    PageDeclarationsDsp,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("personnes")


@router.post(
    "/personnes/{personne_id}/declarations-dsp",
    status_code=201,
    response_model=DeclarationDsp,
    summary="Déposer des données socio-professionnelles",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, PersonneFusionnee),
)
async def creer_declaration_dsp(
    personne_id: UUID,
    demande: DeclarationDspCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Garde les codes DSP déclarés en demandant le RSA. Immuable.

    Ils annoncent des freins à explorer et des critères à demander, et ne répondent à aucun :
    ni niveau, ni proposition n'en viennent. Portée `orientation:ecrire`. Publie
    `orientation.declaration_dsp.enregistree`.
    """

    async def deposer() -> Effet:
        jour = await service.aujourdhui(tx)
        date_declaration = demande.date_declaration or jour
        declares = [rules.CodeDsp(un.champ, un.code) for un in demande.codes]
        rules.verifier(declares, date_declaration, jour)
        await lock_personne(tx, personne_id, partage=True)
        row = await queries.store_declaration(
            tx,
            {
                **demande.model_dump(),
                "id": new_id(),
                "personne_id": personne_id,
                "date_declaration": date_declaration,
                "client_id": tx.acces.auteur,
            },
        )
        await publier(
            tx,
            Fait(
                "orientation.declaration_dsp.enregistree",
                "declarations-dsp",
                row.id,
                1,
                Operation.CREATION,
            ),
        )
        location = f"/v1/personnes/{personne_id}/declarations-dsp/{row.id}"
        return Effet(_declaration(tx, row), location=location, version=1)

    return await once(tx, commande, deposer)


@router.get(
    "/personnes/{personne_id}/declarations-dsp",
    response_model=PageDeclarationsDsp,
    summary="Lister les données socio-professionnelles d'une personne",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def lister_declarations_dsp(
    personne_id: UUID,
    page: Annotated[PageDemandee, page_de(PageDeclarationsDsp)],
    tx: TransactionDep,
) -> Response:
    """Rend les déclarations d'une personne, les plus récentes d'abord. Portée `orientation:lire`.

    La santé et le handicap demandent `orientation.sante:lire`.
    """
    await read_personne(tx, personne_id)
    rows = await queries.list_declarations(tx, page, personne_id)
    return rendre_page(page, rows, lambda row: _declaration(tx, row))


@router.get(
    "/personnes/{personne_id}/declarations-dsp/{declaration_dsp_id}",
    response_model=DeclarationDsp,
    summary="Lire une déclaration de données socio-professionnelles",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_declaration_dsp(
    personne_id: UUID, declaration_dsp_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une déclaration, immuable, et le client qui l'a déposée. Portée `orientation:lire`."""
    row = await queries.read_declaration(tx, personne_id, declaration_dsp_id)
    return rendre_lecture(request, _declaration(tx, row), 1)


@router.get(
    "/personnes/{personne_id}/apercu-dsp",
    response_model=Indices,
    summary="Lire ce que les données socio-professionnelles annoncent",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_apercu_dsp(personne_id: UUID, tx: TransactionDep) -> Response:
    """Rend les freins à explorer et les critères à demander, d'après la dernière déclaration de
    chaque élément, et d'après le dernier flux (`TOPSANSDOMFIXE`).

    Un frein annoncé reste `non_explore`. Portée `orientation:lire` ; la santé et le handicap
    demandent `orientation.sante:lire`.
    """
    await read_personne(tx, personne_id)
    trouves = rules.indices(await queries.read_declarations(tx, personne_id))
    montres = trouves if PORTEE in tx.acces.portees else rules.sans_sante(trouves)
    corps = Indices.model_validate(
        {
            "personne_id": personne_id,
            "freins": montres.freins,
            "criteres": montres.criteres,
            "champs_masques": [] if montres == trouves else ["freins_sante"],
        },
        from_attributes=True,
    )
    return rendre(Effet(corps, status=200))


def _declaration(tx: Transaction, row: Row[Any]) -> DeclarationDsp:
    montres, masques = visibles(
        tx.acces, row.codes, lambda un: rules.sensible(rules.CodeDsp(**un)), "codes_sante"
    )
    return DeclarationDsp.model_validate(
        {
            **row._mapping,
            "codes": montres,
            "champs_masques": masques,
            "auteur": Auteur(client_id=row.client_id),
        }
    )
