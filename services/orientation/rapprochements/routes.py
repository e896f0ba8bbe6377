"""Rapprochements: two persons who may be one, merged on decision, and separated again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.organismes.queries import all_organismes
from services.orientation.personnes.rules import PersonneFusionnee
from services.orientation.rapprochements import queries, rules
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation, VersionDepassee
from shared.schemas.commun import Auteur
from shared.schemas.orientation.rapprochements import (
    ActeRapprochement,
    EcartCreation,
    FusionCreation,
    MotifRapprochement,
    NatureActe,
    PageRapprochements,
    Rapprochement,
    RapprochementCreation,
    RapprochementDetaille,
    SeparationCreation,
    StatutRapprochement,
)
from shared.schemas.orientation.vocabulaire import TypeOrganisme
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import publier
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import TransactionDep

router = routeur("rapprochements")


@router.post(
    "/rapprochements",
    status_code=201,
    response_model=RapprochementDetaille,
    summary="Signaler deux personnes qui sont peut-être la même",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, PersonneFusionnee, rules.RapprochementExistant),
)
async def creer_rapprochement(
    demande: RapprochementCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Propose un rapprochement, à décider ; rien n'est fusionné. Portée `orientation:ecrire`.

    Deux personnes ne sont rapprochées qu'une fois, même écartées. Publie
    `orientation.rapprochement.propose`.
    """

    async def proposer() -> Effet:
        une, autre = demande.personne_ids
        if une == autre:
            message = "Deux personnes differentes"
            raise Validation([Erreur("/personne_ids/1", "hors-bornes", message)])
        rows = await queries.lock_personnes(tx, demande.personne_ids)
        queries.exige_entieres(rows)
        reasons = [*queries.motifs_de(rows), MotifRapprochement.SIGNALEMENT]
        new = await queries.proposer_paires(tx, [(une, autre, reasons)])
        if not new:
            known = await queries.find_paire(tx, une, autre)
            raise rules.RapprochementExistant(id=str(known))
        return await _effet(tx, new[0])

    return await once(tx, commande, proposer)


@router.get(
    "/rapprochements",
    response_model=PageRapprochements,
    summary="Lister les rapprochements",
    dependencies=[portee("orientation:lire")],
)
async def lister_rapprochements(
    page: Annotated[PageDemandee, page_de(PageRapprochements)],
    tx: TransactionDep,
    statut: Annotated[
        list[StatutRapprochement],
        Query(
            default_factory=list,
            max_length=4,
            description="États voulus, par répétition",
            examples=[["propose"]],
        ),
    ],
    personne_id: Annotated[
        UUID | None,
        Query(description="Ceux d'une personne", examples=["019cad95-0a20-7c8e-a75b-d4f1390e62ab"]),
    ] = None,
) -> Response:
    """Rend les rapprochements, les plus récents d'abord, sans identité.

    Portée `orientation:lire`.
    """
    rows = await queries.list_rapprochements(tx, page, statut, personne_id)
    return rendre_page(page, rows, lambda row: Rapprochement.model_validate(_champs(row)))


@router.get(
    "/rapprochements/{rapprochement_id}",
    response_model=RapprochementDetaille,
    summary="Lire un rapprochement et son histoire",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_rapprochement(
    rapprochement_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend un rapprochement, ce qui l'a proposé et ses actes. Portée `orientation:lire`."""
    found = await _lire(tx, rapprochement_id)
    return rendre_lecture(request, found, found.version)


@router.post(
    "/rapprochements/{rapprochement_id}/fusions",
    status_code=201,
    response_model=RapprochementDetaille,
    summary="Fusionner deux personnes",
    dependencies=[portee("orientation:decider")],
    responses=refusals(
        Introuvable,
        VersionDepassee,
        TransitionInterdite,
        rules.AutoriteIncompetente,
        PersonneFusionnee,
        rules.DeuxOrientationsEnVigueur,
    ),
)
async def creer_fusion(
    rapprochement_id: UUID,
    demande: FusionCreation,
    version: SiVersion,
    commande: CommandeDep,
    tx: TransactionDep,
) -> Response:
    """Fait de deux personnes une seule : tout ce qui est à l'une passe à la personne gardée.

    L'absorbée reste lisible, dit `fusionnee_avec_id`, et ce qui la reconnaît mène à l'autre ; plus
    rien ne s'ouvre à son nom. De deux orientations à faire, la sienne est close, et l'autre prend
    la réception la plus ancienne : les six semaines courent de là. Avec deux décisions en vigueur,
    l'une est à annuler d'abord. La personne que le flux tient est celle qui est gardée. Deux
    convocations à la même séance restent chacune à sa personne. Le parcours et le contrat suivent
    l'orientation, sauf si chacune en a un en cours. Portée `orientation:decider`, d'un
    client qui parle pour le conseil départemental ou France Travail. Publie
    `orientation.rapprochement.fusionne`, `orientation.personne.fusionnee`, et un fait
    `rattachee`, `close` ou `avancee` par ressource changée.
    """

    async def fusionner() -> Effet:
        row = await queries.lock_rapprochement(tx, rapprochement_id, version)
        await _exige_autorite(tx)
        rules.exige_transition(StatutRapprochement(row.statut), StatutRapprochement.FUSIONNE)
        personnes = await queries.lock_personnes(tx, [row.personne_a_id, row.personne_b_id])
        queries.exige_entieres(personnes)
        absorbee_id = rules.absorbee(
            demande.gardee_id,
            [rules.Fusionnable(une.id, une.dossier_id is not None) for une in personnes],
        )
        vives = await queries.lock_vives(tx, [une.id for une in personnes])
        orientations = rules.orientations_fusionnees(demande.gardee_id, vives)
        acte_id, fait = await queries.store_acte(
            tx,
            rapprochement_id,
            NatureActe.FUSION,
            StatutRapprochement.FUSIONNE,
            motif=demande.motif,
            gardee_id=demande.gardee_id,
        )
        faits = await queries.fusionner(
            tx,
            acte_id,
            gardee_id=demande.gardee_id,
            absorbee_id=absorbee_id,
            orientations=orientations,
        )
        await publier(tx, fait, *faits)
        return await _effet(tx, rapprochement_id)

    return await once(tx, commande, fusionner)


@router.post(
    "/rapprochements/{rapprochement_id}/ecarts",
    status_code=201,
    response_model=RapprochementDetaille,
    summary="Écarter un rapprochement",
    dependencies=[portee("orientation:decider")],
    responses=refusals(
        Introuvable, VersionDepassee, TransitionInterdite, rules.AutoriteIncompetente
    ),
)
async def creer_ecart(
    rapprochement_id: UUID,
    demande: EcartCreation,
    version: SiVersion,
    commande: CommandeDep,
    tx: TransactionDep,
) -> Response:
    """Dit que ce sont deux personnes : elles ne seront plus rapprochées d'elles-mêmes.

    Une fusion reste possible ensuite, sur décision. Portée `orientation:decider`, d'un client qui
    parle pour le conseil départemental ou France Travail. Publie
    `orientation.rapprochement.ecarte`.
    """

    async def ecarter() -> Effet:
        row = await queries.lock_rapprochement(tx, rapprochement_id, version)
        await _exige_autorite(tx)
        rules.exige_transition(StatutRapprochement(row.statut), StatutRapprochement.ECARTE)
        _, fait = await queries.store_acte(
            tx,
            rapprochement_id,
            NatureActe.ECART,
            StatutRapprochement.ECARTE,
            motif=demande.motif,
        )
        await publier(tx, fait)
        return await _effet(tx, rapprochement_id)

    return await once(tx, commande, ecarter)


@router.post(
    "/rapprochements/{rapprochement_id}/separations",
    status_code=201,
    response_model=RapprochementDetaille,
    summary="Défaire une fusion",
    dependencies=[portee("orientation:decider")],
    responses=refusals(
        Introuvable,
        VersionDepassee,
        TransitionInterdite,
        rules.AutoriteIncompetente,
        PersonneFusionnee,
    ),
)
async def creer_separation(
    rapprochement_id: UUID,
    demande: SeparationCreation,
    version: SiVersion,
    commande: CommandeDep,
    tx: TransactionDep,
) -> Response:
    """Défait une fusion : chaque ligne qu'elle a déplacée ou changée redevient ce qu'elle était.

    Ce qui a changé depuis reste tel, et ce qui a été ouvert depuis reste à la personne gardée. Si
    celle-ci a été absorbée à son tour, cette fusion-là se défait d'abord. Portée
    `orientation:decider`, d'un client qui parle pour le conseil départemental ou France Travail.
    Publie `orientation.rapprochement.separe`, `orientation.personne.separee`, et un fait
    `retablie` par ressource changée.
    """

    async def separer() -> Effet:
        row = await queries.lock_rapprochement(tx, rapprochement_id, version)
        await _exige_autorite(tx)
        rules.exige_transition(StatutRapprochement(row.statut), StatutRapprochement.SEPARE)
        personnes = await queries.lock_personnes(tx, [row.personne_a_id, row.personne_b_id])
        queries.exige_entieres(une for une in personnes if une.id == row.gardee_id)
        await queries.lock_vives(tx, [une.id for une in personnes])
        faits = await queries.separer(tx, rapprochement_id)
        _, fait = await queries.store_acte(
            tx,
            rapprochement_id,
            NatureActe.SEPARATION,
            StatutRapprochement.SEPARE,
            motif=demande.motif,
        )
        await publier(tx, fait, *faits)
        return await _effet(tx, rapprochement_id)

    return await once(tx, commande, separer)


async def _exige_autorite(tx: Transaction) -> None:
    organismes = await all_organismes(tx)
    rules.exige_autorite(
        [TypeOrganisme(un.type) for un in organismes if tx.acces.auteur in un.clients]
    )


async def _effet(tx: Transaction, rapprochement_id: UUID) -> Effet:
    found = await _lire(tx, rapprochement_id)
    return Effet(found, location=f"/v1/rapprochements/{rapprochement_id}", version=found.version)


async def _lire(tx: Transaction, rapprochement_id: UUID) -> RapprochementDetaille:
    row = await queries.read_rapprochement(tx, rapprochement_id)
    actes = [
        ActeRapprochement.model_validate(
            {**acte._mapping, "auteur": Auteur(client_id=acte.client_id)}
        )
        for acte in await queries.read_actes(tx, rapprochement_id)
    ]
    return RapprochementDetaille.model_validate({**_champs(row), "actes": actes})


def _champs(row: Row[Any]) -> dict[str, Any]:
    return {**row._mapping, "personne_ids": [row.personne_a_id, row.personne_b_id]}
