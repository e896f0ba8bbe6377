"""Activities of the plan d'action, what is done of them, and how that follows the objective.

Nothing here is compulsory, and nothing here is read by a sanction.
"""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.queries import lock_parcours, read_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert, soir
from services.parcours.activites import queries, rules
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import DateCivile, Identifiant, Operation
from shared.schemas.parcours.activites import (
    Activite,
    ActiviteClotureCreation,
    ActiviteCreation,
    DeclarationHeuresCreation,
    IntensiteSuivie,
    PageActivites,
    PageDeclarationsHeures,
    PageReperesHeures,
    RepereHeures,
    RepereHeuresCreation,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("activites")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]

_ECRITURE = (Introuvable, ParcoursClos)


@router.post(
    "/parcours/{parcours_id}/activites",
    status_code=201,
    response_model=Activite,
    summary="Prévoir une activité du plan d'action",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_activite(
    parcours_id: _ParcoursId,
    demande: ActiviteCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute une activité au plan : un objectif, ni un travail ni une activité obligatoire.

    Les heures prévues ne bornent ni n'obligent rien ; aucune sanction ne naît d'un compte d'heures.
    Portée `parcours:ecrire`. Publie `parcours.activite.prevue`.
    """

    return await once(tx, commande, lambda: prevoir_activite(service, tx, demande, parcours_id))


async def prevoir_activite(
    service: Service, tx: Transaction, demande: ActiviteCreation, parcours_id: UUID
) -> Effet:
    """Plan an activity."""
    parcours = await lock_parcours(tx, parcours_id)
    exige_ouvert(parcours.statut)
    rules.verifier_activite(demande, await service.aujourdhui(tx))
    organisme_id = demande.organisme_id or parcours.organisme_referent_id
    row = await queries.store_activite(
        tx,
        service.coffre,
        {
            **demande.model_dump(),
            "parcours_id": parcours_id,
            "organisme_id": organisme_id,
            "par_organisme_referent": organisme_id == parcours.organisme_referent_id,
        },
    )
    return await _effet(service, tx, row, "prevue")


@router.get(
    "/activites",
    response_model=PageActivites,
    summary="Lister les activités",
    dependencies=[portee("parcours:lire")],
)
async def lister_activites(
    page: Annotated[PageDemandee, page_de(PageActivites)],
    service: ServiceDep,
    tx: TransactionDep,
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
    """Rend les activités prévues, les plus récentes d'abord. Portée `parcours:lire`."""
    rows = await queries.list_activites(tx, page, parcours_id)
    return rendre_page(page, rows, lambda row: queries.render(row, service.coffre))


@router.get(
    "/activites/{activite_id}",
    response_model=Activite,
    summary="Lire une activité",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_activite(
    activite_id: UUID, request: Request, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend une activité prévue ; ce qui en est fait se lit à `…/heures`. Portée `parcours:lire`."""
    row = await queries.read_activite(tx, activite_id)
    return rendre_lecture(request, queries.render(row, service.coffre), row.version)


@router.post(
    "/activites/{activite_id}/clotures",
    status_code=201,
    response_model=Activite,
    summary="Dire qu'une activité a cessé",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, TransitionInterdite),
)
async def cloturer_activite(
    activite_id: UUID,
    demande: ActiviteClotureCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Dit le dernier jour d'une activité qui cesse avant sa fin ; rien d'autre n'en découle.

    Portée `parcours:ecrire`. Publie `parcours.activite.arretee`.
    """

    async def arreter() -> Effet:
        activite = await _lock(tx, activite_id, version)
        jour = await service.aujourdhui(tx)
        rules.verifier_arret(queries.etat(activite), demande.date_arret, jour)
        row = await queries.end_activite(tx, activite_id, demande.date_arret)
        return await _effet(service, tx, row, "arretee")

    return await once(tx, commande, arreter)


@router.post(
    "/activites/{activite_id}/heures",
    status_code=201,
    response_model=Activite,
    summary="Dire ce qui a été fait d'une activité",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, TransitionInterdite),
)
async def creer_declaration_heures(
    activite_id: UUID,
    demande: DeclarationHeuresCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute ce qui est dit d'un jour ou d'une semaine, et rend l'activité ; rien ne s'efface.

    La dernière déclaration d'un jour vaut, et une semaine entière prend la place de ses jours.
    Zéro retire ce qui était dit, fût-ce d'un jour où l'activité, arrêtée depuis, n'était plus, ou
    dans un parcours clos.
    Ces heures sont de l'accompagnement : ni temps de travail, ni obligation, et aucune sanction
    n'en naît. Portée `parcours:ecrire`. Publie `parcours.activite.heures_declarees`.
    """

    async def declarer() -> Effet:
        activite = await _lock(tx, activite_id, version, ouvert=demande.duree_minutes > 0)
        jour = await service.aujourdhui(tx)
        lundi = rules.semaine_declaree(demande, queries.etat(activite), jour)
        if demande.date_activite is not None and await queries.is_semaine_entiere(
            tx, activite_id, lundi
        ):
            raise rules.SemaineEntiere
        values = {**demande.model_dump(exclude={"semaine"}), "date_lundi": lundi}
        row = await queries.store_declaration(tx, activite, values)
        return await _effet(service, tx, row, "heures_declarees")

    return await once(tx, commande, declarer)


@router.get(
    "/activites/{activite_id}/heures",
    response_model=PageDeclarationsHeures,
    summary="Lister ce qui a été dit d'une activité",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_declarations_heures(
    activite_id: UUID,
    page: Annotated[PageDemandee, page_de(PageDeclarationsHeures)],
    tx: TransactionDep,
) -> Response:
    """Rend toutes les déclarations, corrigées comprises, la dernière d'abord.

    Portée `parcours:lire`.
    """
    await queries.read_activite(tx, activite_id)
    rows = await queries.list_declarations(tx, page, activite_id)
    return rendre_page(page, rows, queries.render_declaration)


@router.get(
    "/parcours/{parcours_id}/intensite",
    response_model=IntensiteSuivie,
    summary="Lire l'intensité suivie d'un parcours, semaine par semaine",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_intensite(
    parcours_id: _ParcoursId,
    service: ServiceDep,
    tx: TransactionDep,
    semaines: Annotated[
        int,
        Query(ge=1, le=53, description="Semaines à rendre, celle du jour comprise", examples=[8]),
    ] = 8,
    au: Annotated[
        DateCivile | None,
        Query(
            description="Jour dont on parle ; absent : `connu_au`, ou aujourd'hui",
            examples=["2026-03-31"],
        ),
    ] = None,
    connu_au: Annotated[
        DateCivile | None,
        Query(
            description="Jour, compris, au soir duquel cela était su ; absent : tout ce qui l'est",
            examples=["2026-04-07"],
        ),
    ] = None,
) -> Response:
    """Rend, par semaine ISO, l'objectif du contrat, le prévu, le réalisé, et leur rapport.

    Le rapport est celui des quatre dernières semaines complètes, dans le fuseau du département ;
    null sans objectif. Rien n'est prévu entre une sortie et un retour. C'est un repère de
    l'accompagnement : ni un temps de travail, ni une obligation, et aucune sanction n'en naît. Une
    durée nulle au contrat se lit comme l'absence de contrat. Une correction ultérieure ne change
    pas la réponse à `connu_au`. Portée `parcours:lire`.
    """
    parcours = await read_parcours(tx, parcours_id)
    jour = au or connu_au or await service.aujourdhui(tx)
    lundis = rules.semaines_lisibles(jour, semaines, parametre="au" if au else "connu_au")
    jusqu_a = None if connu_au is None else soir(connu_au, await service.fuseau(tx))
    premier = rules.lundi(jour) - timedelta(weeks=max(semaines - 1, rules.SEMAINES_SUIVIES))
    suivi = await queries.read_suivi(tx, parcours, premier, jusqu_a)
    retenues = [rules.semaine(suivi, lundi) for lundi in rules.semaines_suivies(jour)]
    repere = await queries.read_repere_du(tx, jour, jusqu_a)
    corps = IntensiteSuivie(
        parcours_id=parcours_id,
        date_reference=jour,
        date_connaissance=connu_au,
        intensite_points_base=rules.intensite_points_base(retenues),
        objectif_minutes=sum(une.objectif_minutes or 0 for une in retenues) or None,
        realise_minutes=sum(sum(une.realise.values()) for une in retenues),
        repere=queries.render_repere(repere) if repere is not None else None,
        semaines=[queries.render_semaine(rules.semaine(suivi, un), jour) for un in lundis],
    )
    return rendre(Effet(corps, status=200))


@router.post(
    "/reperes-heures",
    status_code=201,
    response_model=RepereHeures,
    summary="Afficher un repère d'heures local",
    dependencies=[portee("parcours:administrer")],
    responses=refusals(),
)
async def creer_repere_heures(
    demande: RepereHeuresCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Ajoute l'intensité que le département affiche à partir d'un jour, ex. quinze à vingt heures.

    Montrée comme telle à côté de l'intensité suivie : elle ne borne aucun contrat et n'oblige
    personne. Portée `parcours:administrer`. Ne publie rien.
    """

    async def afficher() -> Effet:
        rules.verifier_repere(demande)
        row = await queries.store_repere(tx, demande.model_dump())
        return Effet(queries.render_repere(row), location=f"/v1/reperes-heures/{row.id}")

    return await once(tx, commande, afficher)


@router.get(
    "/reperes-heures",
    response_model=PageReperesHeures,
    summary="Lister les repères d'heures locaux",
    dependencies=[portee("parcours:lire")],
)
async def lister_reperes_heures(
    page: Annotated[PageDemandee, page_de(PageReperesHeures)], tx: TransactionDep
) -> Response:
    """Rend les repères du département, les derniers écrits d'abord. Portée `parcours:lire`."""
    return rendre_page(page, await queries.list_reperes(tx, page), queries.render_repere)


@router.get(
    "/reperes-heures/{repere_heures_id}",
    response_model=RepereHeures,
    summary="Lire un repère d'heures local",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_repere_heures(repere_heures_id: UUID, tx: TransactionDep) -> Response:
    """Rend un repère du département, et le texte local qui le pose. Portée `parcours:lire`."""
    row = await queries.read_repere(tx, repere_heures_id)
    return rendre(Effet(queries.render_repere(row), status=200))


async def _lock(
    tx: Transaction, activite_id: UUID, version: int, *, ouvert: bool = True
) -> Row[Any]:
    """Hold an activity, in the version that its caller has read, of a parcours that is open."""
    row = await queries.lock_activite(tx, activite_id)
    exige_version(row.version, version)
    if ouvert:
        exige_ouvert(row.statut_parcours)
    return row


async def _effet(service: Service, tx: Transaction, row: Row[Any], fait: str) -> Effet:
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    await publier(
        tx, Fait(f"parcours.activite.{fait}", "activites", row.id, row.version, operation)
    )
    return Effet(
        queries.render(row, service.coffre),
        location=f"/v1/activites/{row.id}",
        version=row.version,
    )
