"""Budget years: recorded, then closed."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.exercices import queries, rules
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Operation
from shared.schemas.financement.credits import (
    ClotureExercice,
    ClotureExerciceCreation,
    EnveloppeASolder,
    Exercice,
    ExerciceCreation,
    JourneeComplementaireCommande,
    PageEnveloppesASolder,
    PageExercices,
    PageRattachements,
    PageReliquats,
    Rattachement,
    Reliquat,
    StatutCloture,
    StatutExercice,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep
from shared.socle.travaux import differer

router = routeur("exercices")

_LECTURE: dict[int | str, dict[str, Any]] = {
    201: {
        "links": {
            "lecture": {
                "operationId": "obtenir_exercice",
                "parameters": {"exercice_id": "$response.body#/id"},
            }
        }
    }
}


def _render(row: Row[Any]) -> Exercice:
    return Exercice.model_validate(row._mapping)


@router.post(
    "/exercices",
    status_code=201,
    response_model=Exercice,
    summary="Enregistrer un exercice budgétaire",
    dependencies=[portee("financement:administrer")],
    responses=refusals(queries.ExerciceExistant),
)
async def creer_exercice(
    demande: ExerciceCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Enregistre une année, ouverte : c'est ce qu'il faut pour la clore un jour.

    Portée `financement:administrer`. Publie `financement.exercice.enregistre`.
    """

    async def enregistrer() -> Effet:
        instant, exercice_id = service.horloge(), new_id()
        row = await queries.store_exercice(
            tx,
            {
                **demande.model_dump(),
                "id": exercice_id,
                "statut": StatutExercice.OUVERT,
                "cree_le": instant,
                "modifie_le": instant,
            },
        )
        nom = "financement.exercice.enregistre"
        await publier(tx, Fait(nom, "exercices", exercice_id, 1, Operation.CREATION))
        return Effet(_render(row), location=f"/v1/exercices/{exercice_id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/exercices",
    response_model=PageExercices,
    summary="Lister les exercices",
    dependencies=[portee("financement:lire")],
)
async def lister_exercices(
    page: Annotated[PageDemandee, page_de(PageExercices)], tx: TransactionDep
) -> Response:
    """Rend les exercices enregistrés, les derniers d'abord. Portée `financement:lire`."""
    return rendre_page(page, await queries.list_exercices(tx, page), _render)


@router.get(
    "/exercices/{exercice_id}",
    response_model=Exercice,
    summary="Lire un exercice",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_exercice(exercice_id: UUID, request: Request, tx: TransactionDep) -> Response:
    """Rend un exercice et où il en est. Portée `financement:lire`."""
    row = await queries.read_exercice(tx, exercice_id)
    return rendre_lecture(request, _render(row), row.version)


@router.post(
    "/exercices/{exercice_id}/journees-complementaires",
    status_code=201,
    response_model=Exercice,
    summary="Ouvrir la journée complémentaire d'un exercice",
    dependencies=[portee("financement:administrer")],
    responses={**refusals(Introuvable, TransitionInterdite, VersionDepassee), **_LECTURE},
)
async def creer_journee_complementaire(
    exercice_id: UUID,
    _demande: JourneeComplementaireCommande,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """L'année finie, n'y prennent plus effet que mandats, titres et rattachements.

    Et la certification de ce qui y fut fait ; jusqu'au 31 janvier. Rend l'exercice. Portée
    `financement:administrer`. Publie `financement.exercice.journee_complementaire`.
    """

    async def ouvrir() -> Effet:
        row = await queries.lock_exercice(tx, exercice_id)
        exige_version(row.version, version)
        rules.exige_finie(row.annee, await service.aujourdhui(tx))
        statut = StatutExercice.JOURNEE_COMPLEMENTAIRE
        rules.exige_transition(StatutExercice(row.statut), statut)
        row = await queries.move_exercice(tx, exercice_id, statut, service.horloge())
        nom = "financement.exercice.journee_complementaire"
        fait = Fait(nom, "exercices", exercice_id, row.version, Operation.MODIFICATION)
        await publier(tx, fait)
        return Effet(_render(row), location=f"/v1/exercices/{exercice_id}", version=row.version)

    return await once(tx, commande, ouvrir)


@router.post(
    "/exercices/{exercice_id}/clotures",
    status_code=202,
    response_model=ClotureExercice,
    summary="Clore un exercice",
    dependencies=[portee("financement:administrer"), quota("job")],
    responses=refusals(Introuvable, TransitionInterdite, VersionDepassee),
)
async def cloturer_exercice(
    exercice_id: UUID,
    demande: ClotureExerciceCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Rattache le service fait, solde enveloppes et crédits, et clôt ; un travail, à suivre.

    Chaque reste d'une enveloppe dont la fenêtre a fini suit le choix qui en est fait : reporté,
    dégagé, annulé, ou rendu au financeur. Ce qui attend un choix est listé et l'exercice reste
    ouvert aux choix : une autre clôture reprend, sans rien refaire. Portée
    `financement:administrer`. Publie `financement.cloture.demandee`, puis
    `financement.cloture.terminee` et `financement.exercice.clos`.
    """

    async def demander() -> Effet:
        exercice = await queries.lock_exercice(tx, exercice_id)
        exige_version(exercice.version, version)
        rules.exige_transition(StatutExercice(exercice.statut), StatutExercice.CLOS)
        rules.exige_ordre(await queries.read_anterieurs(tx, exercice.annee))
        rules.verifier_choix(
            demande,
            {credit.id for credit in await queries.read_credits(tx, exercice.annee)},
            await queries.read_liquidations(
                tx, exercice.annee, [ligne.liquidation_id for ligne in demande.rattachements]
            ),
        )
        nommees = {
            one
            for ligne in demande.restes
            for one in (ligne.enveloppe_id, ligne.vers_enveloppe_id)
            if one is not None
        }
        rules.verifier_restes(
            demande.restes, await queries.read_nommees(tx, exercice.annee, nommees)
        )
        instant = service.horloge()
        row = await queries.store_cloture(
            tx,
            {
                "id": new_id(),
                "exercice_id": exercice_id,
                "statut": StatutCloture.EN_ATTENTE,
                "source": demande.source,
                "choix": demande.model_dump(mode="json", exclude={"source"}),
                "cree_le": instant,
                "modifie_le": instant,
            },
        )
        verrou = f"cloture:{tx.collectivite}"
        await differer(tx, service.nom, "cloturer_exercice", verrou=verrou, cloture_id=str(row.id))
        nom = "financement.cloture.demandee"
        await publier(tx, Fait(nom, "clotures", row.id, 1, Operation.CREATION))
        return Effet(
            ClotureExercice.model_validate(row._mapping),
            location=f"/v1/exercices/{exercice_id}/clotures/{row.id}",
            version=row.version,
            status=202,
            headers={"Retry-After": "5"},
        )

    return await once(tx, commande, demander)


@router.get(
    "/exercices/{exercice_id}/clotures/{cloture_id}",
    response_model=ClotureExercice,
    summary="Suivre une clôture",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_cloture(
    exercice_id: UUID, cloture_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une clôture et, finie, ce que l'année laisse. Portée `financement:lire`."""
    row = await queries.read_cloture(tx, exercice_id, cloture_id)
    return rendre_lecture(request, ClotureExercice.model_validate(row._mapping), row.version)


@router.get(
    "/exercices/{exercice_id}/restes",
    response_model=PageEnveloppesASolder,
    summary="Lister ce que laissent les enveloppes d'un exercice",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_restes(
    exercice_id: UUID,
    page: Annotated[PageDemandee, page_de(PageEnveloppesASolder)],
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Rend les enveloppes dont la fenêtre a fini dans l'exercice ou avant, et ce qui y reste.

    Chaque montant disponible ou engagé attend le choix d'une clôture ; par engagement, il se lit
    par `GET /v1/engagements-non-mandates?enveloppe_id=`. Portée `financement:lire`.
    """
    exercice = await queries.read_exercice(tx, exercice_id)
    rows = await queries.list_restes(tx, page, exercice.annee, service.horloge())
    return rendre_page(page, rows, _render_reste)


def _render_reste(row: Row[Any]) -> EnveloppeASolder:
    """What is due back and not yet swept is free (I-41)."""
    rendus = {"disponible": row.echu, "reserve": -row.echu}
    return EnveloppeASolder.model_validate(
        {
            **row._mapping,
            **{
                f"{poste}_centimes": row.soldes[poste] + rendus.get(poste, 0)
                for poste in rules.RESTES
            },
        }
    )


@router.get(
    "/exercices/{exercice_id}/reliquats",
    response_model=PageReliquats,
    summary="Lister ce que les clôtures ont fait des restes",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_reliquats(
    exercice_id: UUID,
    page: Annotated[PageDemandee, page_de(PageReliquats)],
    tx: TransactionDep,
) -> Response:
    """Rend chaque reste soldé par les clôtures de l'exercice, les derniers d'abord.

    Portée `financement:lire`.
    """
    await queries.read_exercice(tx, exercice_id)
    rows = await queries.list_reliquats(tx, page, exercice_id)
    return rendre_page(page, rows, lambda row: Reliquat.model_validate(row._mapping))


@router.get(
    "/exercices/{exercice_id}/rattachements",
    response_model=PageRattachements,
    summary="Lister les rattachements d'un exercice",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_rattachements(
    exercice_id: UUID,
    page: Annotated[PageDemandee, page_de(PageRattachements)],
    tx: TransactionDep,
) -> Response:
    """Rend les services faits rattachés à l'exercice, les derniers inscrits d'abord.

    Portée `financement:lire`.
    """
    await queries.read_exercice(tx, exercice_id)
    rows = await queries.list_rattachements(tx, page, exercice_id)
    return rendre_page(page, rows, lambda row: Rattachement.model_validate(row._mapping))
