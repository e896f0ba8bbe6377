"""Mises en situation and jobs of a person: begun, prolonged, ended; nothing is overwritten."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.queries import lock_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.emplois import queries, rules
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.parcours.emplois import (
    ActeEmploiCreation,
    Emploi,
    EmploiCreation,
    PageActesEmploi,
    PageEmplois,
    StatutEmploi,
    StructureIae,
    TypeActeEmploi,
    TypeEmploi,
)
from shared.schemas.parcours.employeurs import BilanRecrutement
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("emplois")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]
_EmploiId = Annotated[
    UUID, Path(description="Un emploi", examples=["019cb368-8f25-7c51-a7d4-18e0b95f3c26"])
]
_ECRITURE = (Introuvable, ParcoursClos, TransitionInterdite)
_FAITS = {
    TypeActeEmploi.PROLONGATION: "prolonge",
    TypeActeEmploi.ACCOMPAGNEMENT_RENFORCE: "accompagne",
    TypeActeEmploi.FIN: "termine",
    TypeActeEmploi.ANNULATION: "annule",
}


@router.post(
    "/parcours/{parcours_id}/emplois",
    status_code=201,
    response_model=Emploi,
    summary="Enregistrer une mise en situation ou un emploi",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_emploi(
    parcours_id: _ParcoursId, demande: EmploiCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Enregistre une PMSMP, un contrat d'insertion, aidé ou d'apprentissage, ou un emploi.

    Les bornes de la loi sont vérifiées sur tout ce que la personne a fait, d'un parcours à l'autre
    : PMSMP d'un mois, deux et soixante jours en douze mois dans une structure ; CDDI de quatre à
    vingt-quatre mois ; aide de vingt-quatre mois et vingt heures. Le message d'une borne passée
    cite son article, et dit si le texte n'est pas confirmé. Portée `parcours:ecrire`. Publie
    `parcours.emploi.commence`.
    """

    async def commencer() -> Effet:
        rules.verifier_forme(demande)
        parcours = await lock_parcours(tx, parcours_id)
        exige_ouvert(parcours.statut)
        await _verify(tx, rules.occupation(demande), parcours_id, demande)
        row = await queries.store_emploi(tx, demande, parcours_id)
        return await _effet(tx, row, "commence")

    return await once(tx, commande, commencer)


@router.get(
    "/emplois",
    response_model=PageEmplois,
    summary="Lister les mises en situation et les emplois",
    dependencies=[portee("parcours:lire")],
)
async def lister_emplois(
    page: Annotated[PageDemandee, page_de(PageEmplois)],
    tx: TransactionDep,
    type_: Annotated[
        list[TypeEmploi],
        Query(
            default_factory=list,
            alias="type",
            max_length=8,
            description="Types voulus",
            examples=[["pmsmp"]],
        ),
    ],
    statut: Annotated[
        list[StatutEmploi],
        Query(
            default_factory=list, max_length=3, description="États voulus", examples=[["ouvert"]]
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
    employeur_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Employeurs concernés",
            examples=[["019b789f-d7a0-7d72-9e15-3c80f6a4b2e7"]],
        ),
    ],
) -> Response:
    """Rend mises en situation et emplois, les derniers enregistrés d'abord.

    Portée `parcours:lire`.
    """
    rows = await queries.list_emplois(
        tx, page, types=type_, statuts=statut, parcours=parcours_id, employeurs=employeur_id
    )
    return rendre_page(page, rows, queries.render)


@router.get(
    "/emplois/bilan-recrutement",
    response_model=BilanRecrutement,
    summary="Compter les jeunes que le département a recrutés",
    dependencies=[portee("parcours.sante:lire")],
)
async def obtenir_bilan_recrutement(
    annee: Annotated[int, Query(ge=2015, le=2100, description="Année civile", examples=[2026])],
    tx: TransactionDep,
) -> Response:
    """Compte les jeunes recrutés une année par les employeurs que tient le département.

    Le handicap n'est que compté, jamais listé, et masqué avec tout groupe de moins de cinq. Portée
    `parcours.sante:lire`.
    """
    recrutes, handicap = rules.montrer(*await queries.count_recrutes(tx, annee, rules.AGE_JEUNE))
    bilan = BilanRecrutement(
        annee=annee,
        age_max=rules.AGE_JEUNE,
        recrutes=recrutes,
        en_situation_handicap=handicap,
        seuil=rules.SEUIL,
    )
    return rendre(Effet(bilan, status=200))


@router.get(
    "/emplois/{emploi_id}",
    response_model=Emploi,
    summary="Lire une mise en situation ou un emploi",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_emploi(emploi_id: _EmploiId, request: Request, tx: TransactionDep) -> Response:
    """Rend une mise en situation ou un emploi, tel que ses actes l'ont fait.

    Portée `parcours:lire`.
    """
    row = await queries.read_emploi(tx, emploi_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.post(
    "/emplois/{emploi_id}/actes",
    status_code=201,
    response_model=Emploi,
    summary="Prolonger, accompagner, terminer ou annuler un emploi",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_acte_emploi(
    emploi_id: _EmploiId,
    demande: ActeEmploiCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute un acte, et rend l'emploi qu'il fait ; une prolongation garde les bornes de la loi.

    Une dérogation vaut pour sa prolongation, et l'aide suit le contrat si elle finissait avec lui.
    Une PMSMP ne se prolonge pas : elle se renouvelle par une autre convention. Portée
    `parcours:ecrire`. Publie `parcours.emploi.prolonge`, `accompagne`, `termine` ou `annule`.
    """

    async def agir() -> Effet:
        row = await queries.lock_emploi(tx, emploi_id)
        exige_version(row.version, version)
        exige_ouvert(row.statut_parcours)
        etat = queries.occupation(row)
        statut, fin = rules.apres_acte(etat, demande, await service.aujourdhui(tx))
        values: dict[str, Any] = {"statut": statut.value, "date_fin": fin}
        match demande.type:
            case TypeActeEmploi.PROLONGATION:
                suite = rules.prolongee(etat, demande)
                await _verify(tx, suite, row.parcours_id)
                derogation = demande.derogation or etat.derogation
                values |= {"date_fin_aide": suite.fin_aide, "derogation": derogation}
            case TypeActeEmploi.ACCOMPAGNEMENT_RENFORCE:
                values["date_accompagnement_renforce"] = demande.date_acte
            case TypeActeEmploi.FIN:
                values["motif_fin"] = demande.motif
        await queries.store_acte(
            tx,
            emploi_id,
            demande.type,
            demande.date_acte,
            motif=demande.motif,
            derogation=demande.derogation,
        )
        return await _effet(
            tx, await queries.update_emploi(tx, emploi_id, values), _FAITS[demande.type]
        )

    return await once(tx, commande, agir)


@router.get(
    "/emplois/{emploi_id}/actes",
    response_model=PageActesEmploi,
    summary="Lire les actes d'un emploi",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_actes_emploi(
    emploi_id: _EmploiId,
    page: Annotated[PageDemandee, page_de(PageActesEmploi)],
    tx: TransactionDep,
) -> Response:
    """Rend tout ce qui est arrivé à un emploi, le dernier acte d'abord : rien ne s'efface.

    Portée `parcours:lire`.
    """
    await queries.read_emploi(tx, emploi_id)
    rows = await queries.list_actes(tx, page, emploi_id)
    return rendre_page(page, rows, queries.render_acte)


async def _verify(
    tx: Transaction,
    nouvelle: rules.Occupation,
    parcours_id: UUID,
    demande: EmploiCreation | None = None,
) -> None:
    """Check what is asked, with all that bounds it; of what goes on, the PASS admitted it."""
    structures: list[StructureIae] = []
    if nouvelle.employeur_id is not None:
        employeur = await queries.read_employeur(tx, nouvelle.employeur_id)
        structures = [StructureIae(une) for une in employeur.structures_iae]
        # Those that the bilan counts.
        recrute = demande is not None and demande.type is not TypeEmploi.PMSMP
        if recrute and employeur.departement and nouvelle.age_entree is None:
            raise Validation([Erreur("/age_entree", "requis", "Pour le bilan du departement")])
    pass_iae = None
    if demande is not None and demande.iae is not None:
        pass_iae = await queries.read_pass_iae(tx, demande.iae.pass_iae_id, parcours_id)
    rules.verifier_bornes(
        nouvelle,
        await queries.read_occupations(tx, parcours_id),
        pass_iae=pass_iae,
        structures=structures,
    )


async def _effet(tx: Transaction, row: Row[Any], fait: str) -> Effet:
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    await publier(tx, Fait(f"parcours.emploi.{fait}", "emplois", row.id, row.version, operation))
    return Effet(queries.render(row), location=f"/v1/emplois/{row.id}", version=row.version)
