"""Social clauses: minutes planned, declared by month and public, validated; never a person."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.clauses import queries, rules
from services.financement.journal.queries import inscrire, open_comptes
from services.financement.journal.rules import Ecriture, PeriodeClose, transfert
from services.financement.recettes.rules import verifier_effet
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Operation
from shared.schemas.financement.clauses import (
    Clause,
    ClauseCreation,
    ComplementClauseCreation,
    DecisionClauseCreation,
    DeclarationClause,
    DeclarationClauseCreation,
    PageClauses,
    PageDeclarationsClause,
    StatutDeclarationClause,
)
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("clauses")

_ClauseId = Annotated[
    UUID,
    Path(description="Une clause sociale", examples=["019b789f-d7a0-7e63-a8d1-05f7c39b426e"]),
]
_DeclarationId = Annotated[
    UUID,
    Path(
        description="Une déclaration de minutes", examples=["019cb40d-5aa0-7b47-91e6-d30a8f5c2e79"]
    ),
]
_EVENEMENTS = {
    StatutDeclarationClause.VALIDEE: (EvenementJournal.HEURES_VALIDEES, Poste.VALIDEE),
    StatutDeclarationClause.REJETEE: (EvenementJournal.HEURES_REJETEES, Poste.REJETEE),
}


def _render(row: Row[Any]) -> Clause:
    soldes = row.soldes
    validees = {one["public"]: one["validees_minutes"] for one in row.publics}
    return Clause.model_validate(
        {
            **row._mapping,
            "prevues_minutes": soldes[Poste.PREVUE],
            "a_realiser_minutes": soldes[Poste.A_REALISER],
            "declarees_minutes": soldes[Poste.DECLAREE],
            "validees_minutes": soldes[Poste.VALIDEE],
            "rejetees_minutes": soldes[Poste.REJETEE],
            "cible_brsa_minutes": rules.minutes_cible(
                soldes[Poste.PREVUE], row.part_brsa_cible_points_base
            ),
            "part_brsa_points_base": rules.part_brsa(validees),
            "publics": sorted(row.publics, key=lambda one: str(one["public"])),
        }
    )


def _declaration(row: Row[Any]) -> DeclarationClause:
    montres = {nom: rules.effectif_montre(getattr(row, nom)) for nom in ("personnes", "contrats")}
    masque = any(montres[nom] != getattr(row, nom) for nom in montres)
    return DeclarationClause.model_validate({**row._mapping, **montres, "masque": masque})


@router.post(
    "/clauses",
    status_code=201,
    response_model=Clause,
    summary="Enregistrer une clause sociale",
    dependencies=[portee("financement:administrer")],
    responses=refusals(queries.ClauseExistante, PeriodeClose),
)
async def creer_clause(
    demande: ClauseCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Enregistre une clause et ses minutes prévues, à réaliser à compter de son premier jour.

    Les heures de chaque personne se tiennent dans parcours ; ici, aucune personne. Portée
    `financement:administrer`. Publie `financement.clause.enregistree`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_clause(demande, await service.aujourdhui(tx))
        instant, clause_id = service.horloge(), new_id()
        values = {
            **demande.model_dump(exclude={"minutes_prevues"}),
            "id": clause_id,
            "cree_le": instant,
            "modifie_le": instant,
        }
        await queries.store_clause(tx, values)
        await open_comptes(tx, Livre.HEU, clause_id)
        await _publier(tx, "clause.enregistree", "clauses", clause_id, 1)
        ecriture = Ecriture(
            EvenementJournal.HEURES_PREVUES,
            demande.date_debut,
            transfert(
                Livre.HEU, clause_id, demande.minutes_prevues, Poste.PREVUE, Poste.A_REALISER
            ),
            origine="clauses",
            origine_id=clause_id,
            source=demande.source,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return await _effet(tx, clause_id)

    return await once(tx, commande, enregistrer)


@router.post(
    "/clauses/{clause_id}/complements",
    status_code=201,
    response_model=Clause,
    summary="Ajouter des minutes à une clause",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, VersionDepassee, PeriodeClose),
)
async def creer_complement_clause(
    clause_id: _ClauseId,
    demande: ComplementClauseCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Ajoute aux minutes prévues ce qu'un avenant au marché ajoute, ou ce qui est rejeté et refait.

    Portée `financement:administrer`. Publie `financement.clause.completee`.
    """

    async def completer() -> Effet:
        clause = await queries.lock_clause(tx, clause_id)
        exige_version(clause.version, version)
        verifier_effet(demande.date_effet, await service.aujourdhui(tx), depuis=clause.date_debut)
        instant = service.horloge()
        await queries.touch_clause(tx, clause_id, instant)
        await _publier(tx, "clause.completee", "clauses", clause_id, version + 1)
        ecriture = Ecriture(
            EvenementJournal.HEURES_PREVUES,
            demande.date_effet,
            transfert(Livre.HEU, clause_id, demande.minutes, Poste.PREVUE, Poste.A_REALISER),
            origine="clauses",
            origine_id=clause_id,
            source=demande.source,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return await _effet(tx, clause_id)

    return await once(tx, commande, completer)


@router.get(
    "/clauses",
    response_model=PageClauses,
    summary="Lister les clauses sociales",
    dependencies=[portee("financement:lire")],
)
async def lister_clauses(
    page: Annotated[PageDemandee, page_de(PageClauses)], tx: TransactionDep
) -> Response:
    """Rend les clauses et leurs minutes, les plus récentes d'abord. Portée `financement:lire`."""
    return rendre_page(page, await queries.list_clauses(tx, page), _render)


@router.get(
    "/clauses/{clause_id}",
    response_model=Clause,
    summary="Lire une clause sociale et ses minutes",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_clause(clause_id: _ClauseId, tx: TransactionDep) -> Response:
    """Rend une clause, ses minutes par public et la part de celles d'allocataires du RSA.

    `version` est celle de ce qui est prévu ; les minutes déclarées bougent sans elle, donc la
    réponse n'est jamais 304. Portée `financement:lire`.
    """
    row = await queries.read_clause(tx, clause_id)
    return rendre(Effet(_render(row), version=row.version, status=200))


@router.post(
    "/clauses/{clause_id}/declarations",
    status_code=201,
    response_model=DeclarationClause,
    summary="Déclarer des minutes d'insertion",
    dependencies=[portee("financement.engagement:ecrire")],
    responses=refusals(Introuvable, DisponibleInsuffisant, PeriodeClose),
)
async def creer_declaration_clause(
    clause_id: _ClauseId,
    demande: DeclarationClauseCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Déclare les minutes d'un mois et d'un public, toutes personnes ensemble.

    Personnes et contrats se comptent à part, et ne sont pas montrés sous le seuil. Portée
    `financement.engagement:ecrire`. Publie `financement.declaration_clause.declaree`.
    """

    async def declarer() -> Effet:
        clause = await queries.lock_clause(tx, clause_id)
        rules.verifier_declaration(
            demande,
            debut=clause.date_debut,
            fin=clause.date_fin,
            aujourdhui=await service.aujourdhui(tx),
        )
        rules.exige_minutes(demande.minutes, (clause.soldes or {}).get(Poste.A_REALISER, 0))
        instant, declaration_id = service.horloge(), new_id()
        values = {
            **demande.model_dump(),
            "id": declaration_id,
            "clause_id": clause_id,
            "statut": StatutDeclarationClause.DECLAREE,
            "cree_le": instant,
            "modifie_le": instant,
        }
        await queries.store_declaration(tx, values)
        effet = await _effet_declaration(tx, clause_id, declaration_id, "declaree")
        ecriture = Ecriture(
            EvenementJournal.HEURES_DECLAREES,
            demande.date_effet,
            transfert(Livre.HEU, clause_id, demande.minutes, Poste.A_REALISER, Poste.DECLAREE),
            origine="declarations-clause",
            origine_id=declaration_id,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return effet

    return await once(tx, commande, declarer)


@router.get(
    "/clauses/{clause_id}/declarations",
    response_model=PageDeclarationsClause,
    summary="Lister les minutes déclarées sur une clause",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_declarations_clause(
    clause_id: _ClauseId,
    page: Annotated[PageDemandee, page_de(PageDeclarationsClause)],
    tx: TransactionDep,
    statut: Annotated[
        list[StatutDeclarationClause],
        Query(
            default_factory=list,
            max_length=3,
            description="Dans l'un de ces états",
            examples=[["declaree"]],
        ),
    ],
) -> Response:
    """Rend les déclarations d'une clause, les plus récentes d'abord. Portée `financement:lire`."""
    await queries.read_clause(tx, clause_id)
    rows = await queries.list_declarations(tx, page, clause_id, statut)
    return rendre_page(page, rows, _declaration)


@router.get(
    "/clauses/{clause_id}/declarations/{declaration_clause_id}",
    response_model=DeclarationClause,
    summary="Lire une déclaration de minutes",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_declaration_clause(
    clause_id: _ClauseId,
    declaration_clause_id: _DeclarationId,
    request: Request,
    tx: TransactionDep,
) -> Response:
    """Rend une déclaration et ce qui en est décidé. Portée `financement:lire`."""
    row = await queries.read_declaration(tx, clause_id, declaration_clause_id)
    return rendre_lecture(request, _declaration(row), row.version)


@router.post(
    "/clauses/{clause_id}/declarations/{declaration_clause_id}/decisions",
    status_code=201,
    response_model=DeclarationClause,
    summary="Valider ou rejeter des minutes déclarées",
    dependencies=[portee("financement.service_fait:decider")],
    responses=refusals(Introuvable, TransitionInterdite, VersionDepassee, PeriodeClose),
)
async def decider_declaration_clause(
    clause_id: _ClauseId,
    declaration_clause_id: _DeclarationId,
    demande: DecisionClauseCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Valide des minutes, qui comptent alors dans la part du RSA, ou les rejette.

    Portée `financement.service_fait:decider`. Publie `financement.declaration_clause.validee` ou
    `financement.declaration_clause.rejetee`.
    """

    async def decider() -> Effet:
        await queries.lock_clause(tx, clause_id)
        row = await queries.read_declaration(tx, clause_id, declaration_clause_id)
        exige_version(row.version, version)
        verifier_effet(demande.date_effet, await service.aujourdhui(tx), depuis=row.date_effet)
        statut = rules.statut_decide(StatutDeclarationClause(row.statut), demande)
        instant = service.horloge()
        await queries.store_decision(tx, declaration_clause_id, statut, demande.motif, instant)
        effet = await _effet_declaration(tx, clause_id, declaration_clause_id, statut)
        evenement, vers = _EVENEMENTS[statut]
        ecriture = Ecriture(
            evenement,
            demande.date_effet,
            transfert(Livre.HEU, clause_id, row.minutes, Poste.DECLAREE, vers),
            origine="declarations-clause",
            origine_id=declaration_clause_id,
            source=demande.motif,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return effet

    return await once(tx, commande, decider)


async def _effet(tx: Transaction, clause_id: UUID) -> Effet:
    row = await queries.read_clause(tx, clause_id)
    return Effet(_render(row), location=f"/v1/clauses/{clause_id}", version=row.version)


async def _effet_declaration(
    tx: Transaction, clause_id: UUID, declaration_id: UUID, fait: str
) -> Effet:
    row = await queries.read_declaration(tx, clause_id, declaration_id)
    await _publier(
        tx, f"declaration_clause.{fait}", "declarations-clause", declaration_id, row.version
    )
    location = f"/v1/clauses/{clause_id}/declarations/{declaration_id}"
    return Effet(_declaration(row), location=location, version=row.version)


async def _publier(tx: Transaction, fait: str, ressource: str, id_: UUID, version: int) -> None:
    operation = Operation.CREATION if version == 1 else Operation.MODIFICATION
    await publier(tx, Fait(f"financement.{fait}", ressource, id_, version, operation))
