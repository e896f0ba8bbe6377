"""Freins: observed, worked on, lifted; nothing that was observed is ever changed."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements import queries as accompagnements
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert, soir
from services.parcours.freins import episodes, queries, rules
from services.parcours.objectifs.queries import read_statuts
from services.parcours.objectifs.rules import verifier_objectifs_atteints
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import DateCivile, Identifiant
from shared.schemas.parcours.freins import (
    AbandonCreation,
    CodeFrein,
    Frein,
    FreinCreation,
    LeveeCreation,
    NiveauConnu,
    NiveauCreation,
    PageFreins,
    PageObservations,
    ReouvertureCreation,
    StatutFrein,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("freins")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]
_FreinId = Annotated[
    UUID, Path(description="Un frein", examples=["019cb368-8f25-7160-8999-50d836f675cd"])
]

_ECRITURE = (Introuvable, ParcoursClos, TransitionInterdite, rules.DonneeSanteInterdite)


@router.post(
    "/parcours/{parcours_id}/freins",
    status_code=201,
    response_model=Frein,
    summary="Observer un frein pour la première fois",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_frein(
    parcours_id: _ParcoursId,
    demande: FreinCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ouvre un épisode par sa première observation ; un code n'a qu'un épisode ouvert à la fois.

    S'il y en a eu un, celui-ci le suit : au plus tôt le jour où il a pris fin, moyen ou fort, et
    il y renvoie.
    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour `sante` et `handicap`. Publie
    `parcours.frein.observe`, sauf pour ces deux-là.
    """
    # Before a replay, which must not tell of health either.
    rules.exige_ecriture(sante=demande.code in rules.SANTE, portees=tx.acces.portees)
    return await once(tx, commande, lambda: observer_frein(service, tx, demande, parcours_id))


async def observer_frein(
    service: Service, tx: Transaction, demande: FreinCreation, parcours_id: UUID
) -> Effet:
    """Observe a frein for the first time."""
    sante = demande.code in rules.SANTE
    rules.exige_ecriture(sante=sante, portees=tx.acces.portees)
    exige_ouvert(await accompagnements.read_statut(tx, parcours_id))
    connus = await queries.read_episodes(
        tx, parcours_id, [demande.code], sante=sante, libelle=demande.libelle
    )
    dernier = connus.get(demande.code)
    etat = queries.etat(dernier) if dernier is not None else None
    rules.verifier_creation(demande, await service.aujourdhui(tx), etat)
    if dernier is not None and dernier.date_fin is not None:
        return _effet(await episodes.rouvrir(service, tx, dernier, demande), service)
    row = await episodes.ouvrir(
        service,
        tx,
        demande,
        {"parcours_id": parcours_id, "code": demande.code.value, "libelle": demande.libelle},
        sante=sante,
    )
    return _effet(row, service)


@router.get(
    "/freins",
    response_model=PageFreins,
    summary="Lister les freins",
    dependencies=[portee("parcours:lire")],
)
async def lister_freins(
    page: Annotated[PageDemandee, page_de(PageFreins)],
    service: ServiceDep,
    tx: TransactionDep,
    code: Annotated[
        list[CodeFrein],
        Query(
            default_factory=list, max_length=15, description="Codes voulus", examples=[["mobilite"]]
        ),
    ],
    statut: Annotated[
        list[StatutFrein],
        Query(
            default_factory=list, max_length=4, description="États voulus", examples=[["ouvert"]]
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
) -> Response:
    """Rend les épisodes, les plus récents d'abord. Portée `parcours:lire`.

    Ceux de santé et de handicap n'y sont qu'avec `parcours.sante:lire`.
    """
    rows = await queries.list_freins(
        tx,
        page,
        sante=rules.lit_sante(tx.acces.portees),
        parcours=parcours_id,
        freins=code,
        statuts=statut,
    )
    return rendre_page(page, rows, lambda row: queries.render(row, service.coffre))


@router.get(
    "/freins/{frein_id}",
    response_model=Frein,
    summary="Lire un frein",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_frein(
    frein_id: _FreinId, request: Request, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend un épisode et son niveau du moment. Portée `parcours:lire`.

    Sans `parcours.sante:lire`, ceux de santé et de handicap sont introuvables.
    """
    row = await queries.read_frein(tx, frein_id, sante=rules.lit_sante(tx.acces.portees))
    return rendre_lecture(request, queries.render(row, service.coffre), row.version)


@router.get(
    "/freins/{frein_id}/niveaux",
    response_model=PageObservations,
    summary="Lister les observations d'un frein",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_niveaux_frein(
    frein_id: _FreinId,
    page: Annotated[PageDemandee, page_de(PageObservations)],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend tout ce qui a été observé de l'épisode, le plus récent d'abord. Portée `parcours:lire`.

    Sans `parcours.sante:lire`, ceux de santé et de handicap sont introuvables.
    """
    frein = await queries.read_frein(tx, frein_id, sante=rules.lit_sante(tx.acces.portees))
    rows = await queries.list_observations(tx, page, frein)
    return rendre_page(page, rows, lambda row: queries.render_observation(row, service.coffre))


@router.get(
    "/freins/{frein_id}/niveaux/connu",
    response_model=NiveauConnu,
    summary="Lire ce qu'on savait d'un frein, un jour",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_niveau_connu(
    frein_id: _FreinId,
    service: ServiceDep,
    tx: TransactionDep,
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
            examples=["2026-03-03"],
        ),
    ] = None,
) -> Response:
    """Rend le niveau à un jour, d'après ce qui était connu à un autre.

    Une correction ultérieure ne change pas cette réponse. Portée `parcours:lire`. Sans
    `parcours.sante:lire`, ceux de santé et de handicap sont introuvables.
    """
    frein = await queries.read_frein(tx, frein_id, sante=rules.lit_sante(tx.acces.portees))
    jour = au or connu_au or await service.aujourdhui(tx)
    jusqu_a = None if connu_au is None else soir(connu_au, await service.fuseau(tx))
    connu = await queries.read_niveau_connu(tx, frein, jour, jusqu_a)
    return rendre(Effet(queries.render_connu(frein, connu, jour, connu_au, jusqu_a), status=200))


@router.post(
    "/freins/{frein_id}/niveaux",
    status_code=201,
    response_model=Frein,
    summary="Observer de nouveau un frein",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_niveau_frein(
    frein_id: _FreinId,
    demande: NiveauCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute une observation à un épisode ouvert et rend l'épisode ; les autres restent.

    Le niveau est celui du dernier jour observé. Portée `parcours:ecrire`, et
    `parcours.sante:ecrire` pour un frein de santé. Publie `parcours.frein.observe`, sauf pour lui.
    """

    async def observer() -> Effet:
        frein = await _lock(tx, frein_id, version)
        rules.verifier_observation(queries.etat(frein), demande, await service.aujourdhui(tx))
        return _effet(await episodes.observer(service, tx, frein, demande), service)

    return await once(tx, commande, observer)


@router.post(
    "/freins/{frein_id}/levees",
    status_code=201,
    response_model=Frein,
    summary="Lever un frein",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def lever_frein(
    frein_id: _FreinId,
    demande: LeveeCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Lève un frein de niveau moyen ou fort : objectifs atteints, ou décision commentée.

    `objectifs_atteints` est refusé tant qu'un de ses objectifs n'est ni réalisé ni abandonné.
    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un frein de santé, qui se lève sans
    commentaire. Publie `parcours.frein.leve`, sauf pour lui.
    """

    async def lever() -> Effet:
        frein = await _lock(tx, frein_id, version)
        rules.verifier_levee(queries.etat(frein), demande, await service.aujourdhui(tx))
        verifier_objectifs_atteints(demande, await read_statuts(tx, frein))
        return await _end(
            service,
            tx,
            frein,
            StatutFrein.LEVE,
            demande.date_levee,
            fondement=demande.fondement.value,
            commentaire=demande.commentaire,
        )

    return await once(tx, commande, lever)


@router.post(
    "/freins/{frein_id}/abandons",
    status_code=201,
    response_model=Frein,
    summary="Cesser de travailler un frein qui n'est pas levé",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_abandon_frein(
    frein_id: _FreinId,
    demande: AbandonCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Clôt l'épisode sans dire le frein levé, quel que soit son niveau, et dit pourquoi.

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un frein de santé, qui s'abandonne
    sans commentaire. Publie `parcours.frein.abandonne`, sauf pour lui.
    """

    async def abandonner() -> Effet:
        frein = await _lock(tx, frein_id, version)
        rules.verifier_abandon(queries.etat(frein), demande, await service.aujourdhui(tx))
        return await _end(
            service,
            tx,
            frein,
            StatutFrein.ABANDONNE,
            demande.date_abandon,
            fondement=None,
            commentaire=demande.commentaire,
        )

    return await once(tx, commande, abandonner)


@router.post(
    "/freins/{frein_id}/reouvertures",
    status_code=201,
    response_model=Frein,
    summary="Rouvrir un frein par un nouvel épisode",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def rouvrir_frein(
    frein_id: _FreinId,
    demande: ReouvertureCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ouvre un nouvel épisode d'un frein levé ou abandonné, et le rend ; l'ancien y renvoie.

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un frein de santé. Publie
    `parcours.frein.observe` et `parcours.frein.rouvert`, sauf pour lui.
    """

    async def rouvrir() -> Effet:
        frein = await _lock(tx, frein_id, version)
        rules.verifier_reouverture(queries.etat(frein), demande, await service.aujourdhui(tx))
        return _effet(await episodes.rouvrir(service, tx, frein, demande), service)

    return await once(tx, commande, rouvrir)


async def _lock(tx: Transaction, frein_id: UUID, version: int) -> Row[Any]:
    """Hold a frein that this token may write on, in the version that its caller has read."""
    frein = await queries.lock_frein(tx, frein_id, sante=rules.connait_sante(tx.acces.portees))
    rules.exige_ecriture(sante=frein.sante, portees=tx.acces.portees)
    exige_version(frein.version, version)
    exige_ouvert(frein.statut_parcours)
    return frein


async def _end(
    service: Service,
    tx: Transaction,
    frein: Row[Any],
    statut: StatutFrein,
    date_fin: date,
    *,
    fondement: str | None,
    commentaire: str | None,
) -> Effet:
    row = await queries.end_frein(
        tx,
        service.coffre,
        frein,
        statut=statut,
        date_fin=date_fin,
        fondement=fondement,
        commentaire=commentaire,
    )
    await episodes.annoncer(tx, f"parcours.frein.{statut}", frein, row.version)
    return _effet(row, service)


def _effet(row: Row[Any], service: Service) -> Effet:
    return Effet(
        queries.render(row, service.coffre), location=f"/v1/freins/{row.id}", version=row.version
    )
