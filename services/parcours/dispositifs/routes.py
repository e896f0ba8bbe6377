"""PASS IAE, CEJ, PACEA, contrats trajectoire autonomie; and the network around who leaves the ASE.

A CEJ admitted for a handicap is of health, whole: its age alone would tell.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.queries import lock_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.dispositifs import queries, rules
from services.parcours.freins.rules import (
    DonneeSanteInterdite,
    connait_sante,
    exige_ecriture,
    lit_sante,
)
from shared.refus import Introuvable, Refus, TransitionInterdite
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.parcours.dispositifs import (
    ActeDispositifCreation,
    Dispositif,
    DispositifCreation,
    Membre,
    MembreClotureCreation,
    MembreCreation,
    PageActesDispositif,
    PageDispositifs,
    PageMembres,
    StatutDispositif,
    TypeActeDispositif,
    TypeDispositif,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("dispositifs")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]
_DispositifId = Annotated[
    UUID, Path(description="Un dispositif", examples=["019cb368-8f25-7d46-9b18-f3a62c70e594"])
]
_MembreId = Annotated[
    UUID,
    Path(description="Un membre d'un réseau", examples=["019cb368-8f25-7e97-8c2d-405b1fa8d763"]),
]
_ECRITURE = (Introuvable, ParcoursClos, TransitionInterdite, DonneeSanteInterdite)
_FAITS = {
    TypeActeDispositif.PROLONGATION: "prolonge",
    TypeActeDispositif.SUSPENSION: "suspendu",
    TypeActeDispositif.CLOTURE: "clos",
}


class MembreDejaLa(Refus):
    """An organism holds a role once at a time."""

    code = "transition-interdite"
    detail = "Cet organisme tient deja ce role dans le reseau."


@router.post(
    "/parcours/{parcours_id}/dispositifs",
    status_code=201,
    response_model=Dispositif,
    summary="Enregistrer un dispositif daté",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_dispositif(
    parcours_id: _ParcoursId, demande: DispositifCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Enregistre un PASS IAE, un CEJ, un PACEA ou un contrat trajectoire autonomie.

    Un CEJ dure douze mois au plus, de 16 à 25 ans, six mois après le précédent ; un PASS IAE, deux
    fois 365 jours. Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un CEJ admis pour
    handicap, jusqu'à 29 ans, qui ne se lit qu'avec `parcours.sante:lire`. Publie
    `parcours.dispositif.commence`, sauf pour lui.
    """
    exige_ecriture(sante=bool(demande.rqth), portees=tx.acces.portees)

    async def commencer() -> Effet:
        parcours = await lock_parcours(tx, parcours_id)
        exige_ouvert(parcours.statut)
        fin = rules.date_fin(demande)
        autres = await queries.read_autres(
            tx, parcours_id, demande.type, sante=connait_sante(tx.acces.portees)
        )
        rules.verifier_creation(demande, autres)
        row = await queries.store_dispositif(
            tx,
            {
                **demande.model_dump(),
                "id": new_id(),
                "parcours_id": parcours_id,
                "statut": StatutDispositif.OUVERT.value,
                "date_fin": fin,
                "rqth": bool(demande.rqth),
                "organisme_id": demande.organisme_id or parcours.organisme_referent_id,
            },
        )
        return await _effet(tx, row, "commence")

    return await once(tx, commande, commencer)


@router.get(
    "/dispositifs",
    response_model=PageDispositifs,
    summary="Lister les dispositifs datés",
    dependencies=[portee("parcours:lire")],
)
async def lister_dispositifs(
    page: Annotated[PageDemandee, page_de(PageDispositifs)],
    tx: TransactionDep,
    type_: Annotated[
        list[TypeDispositif],
        Query(
            default_factory=list,
            alias="type",
            max_length=4,
            description="Types voulus",
            examples=[["cej"]],
        ),
    ],
    statut: Annotated[
        list[StatutDispositif],
        Query(
            default_factory=list, max_length=2, description="États voulus", examples=[["ouvert"]]
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
    """Rend les dispositifs, les derniers enregistrés d'abord. Portée `parcours:lire`.

    Un CEJ admis pour handicap n'y est qu'avec `parcours.sante:lire`.
    """
    rows = await queries.list_dispositifs(
        tx,
        page,
        sante=lit_sante(tx.acces.portees),
        types=type_,
        statuts=statut,
        parcours=parcours_id,
    )
    return rendre_page(page, rows, queries.render)


@router.get(
    "/dispositifs/{dispositif_id}",
    response_model=Dispositif,
    summary="Lire un dispositif daté",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_dispositif(
    dispositif_id: _DispositifId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un dispositif, tel que ses actes l'ont fait. Portée `parcours:lire`.

    Un CEJ admis pour handicap est introuvable sans `parcours.sante:lire`.
    """
    row = await queries.read_dispositif(tx, dispositif_id, sante=lit_sante(tx.acces.portees))
    return rendre_lecture(request, queries.render(row), row.version)


@router.post(
    "/dispositifs/{dispositif_id}/actes",
    status_code=201,
    response_model=Dispositif,
    summary="Prolonger, suspendre ou clore un dispositif",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_acte_dispositif(
    dispositif_id: _DispositifId,
    demande: ActeDispositifCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute un acte, et rend le dispositif qu'il fait.

    Un CEJ se prolonge jusqu'à dix-huit mois ; chaque jour de suspension d'un PASS IAE en recule la
    fin d'un jour. Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un CEJ admis pour
    handicap. Publie `parcours.dispositif.prolonge`, `suspendu` ou `clos`, sauf pour lui.
    """

    async def agir() -> Effet:
        sante = connait_sante(tx.acces.portees)
        row = await queries.lock_dispositif(tx, dispositif_id, sante=sante)
        exige_ecriture(sante=row.rqth, portees=tx.acces.portees)
        exige_version(row.version, version)
        exige_ouvert(row.statut_parcours)
        etat = queries.etat(row, await queries.read_suspensions(tx, dispositif_id))
        autres = await queries.read_autres(
            tx, row.parcours_id, etat.type, sante=sante, sauf=dispositif_id
        )
        statut, fin = rules.apres_acte(etat, demande, autres, await service.aujourdhui(tx))
        values: dict[str, Any] = {"statut": statut.value, "date_fin": fin}
        if statut is StatutDispositif.CLOS:
            values["motif_fin"] = demande.motif
        await queries.store_acte(
            tx,
            dispositif_id,
            demande.type,
            demande.date_acte,
            date_fin=demande.date_fin,
            motif=demande.motif,
        )
        return await _effet(
            tx, await queries.update_dispositif(tx, dispositif_id, values), _FAITS[demande.type]
        )

    return await once(tx, commande, agir)


@router.get(
    "/dispositifs/{dispositif_id}/actes",
    response_model=PageActesDispositif,
    summary="Lire les actes d'un dispositif",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_actes_dispositif(
    dispositif_id: _DispositifId,
    page: Annotated[PageDemandee, page_de(PageActesDispositif)],
    tx: TransactionDep,
) -> Response:
    """Rend ce qui est arrivé à un dispositif, le dernier acte d'abord. Portée `parcours:lire`."""
    await queries.read_dispositif(tx, dispositif_id, sante=lit_sante(tx.acces.portees))
    rows = await queries.list_actes(tx, page, dispositif_id)
    return rendre_page(page, rows, queries.render_acte)


@router.post(
    "/dispositifs/{dispositif_id}/membres",
    status_code=201,
    response_model=Membre,
    summary="Faire entrer un partenaire dans le réseau",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_membre(
    dispositif_id: _DispositifId,
    demande: MembreCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Fait entrer un partenaire dans le réseau autour du jeune : insertion, logement, santé…

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour la santé. Publie
    `parcours.membre.arrive`, sauf pour elle.
    """
    exige_ecriture(sante=demande.role in rules.ROLES_SANTE, portees=tx.acces.portees)

    async def entrer() -> Effet:
        dispositif = await queries.lock_dispositif(
            tx, dispositif_id, sante=connait_sante(tx.acces.portees)
        )
        exige_ecriture(sante=dispositif.rqth, portees=tx.acces.portees)
        exige_ouvert(dispositif.statut_parcours)
        if dispositif.statut != StatutDispositif.OUVERT:
            raise TransitionInterdite(dispositif.statut, [])
        rules.verifier_membre(demande, dispositif.date_debut, await service.aujourdhui(tx))
        row = await queries.store_membre(
            tx, {"id": new_id(), "dispositif_id": dispositif_id, **demande.model_dump()}
        )
        if row is None:
            raise MembreDejaLa(statut_actuel="en_cours", transitions_possibles=["cloture"])
        return await _effet_membre(tx, row, "arrive", sante=dispositif.rqth)

    return await once(tx, commande, entrer)


@router.get(
    "/dispositifs/{dispositif_id}/membres",
    response_model=PageMembres,
    summary="Lister les partenaires du réseau",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_membres(
    dispositif_id: _DispositifId,
    page: Annotated[PageDemandee, page_de(PageMembres)],
    tx: TransactionDep,
) -> Response:
    """Rend les partenaires autour du jeune, présents et partis. Portée `parcours:lire`.

    Ceux de santé n'y sont qu'avec `parcours.sante:lire`.
    """
    sante = lit_sante(tx.acces.portees)
    await queries.read_dispositif(tx, dispositif_id, sante=sante)
    rows = await queries.list_membres(tx, page, dispositif_id, rules.roles_connus(sante=sante))
    return rendre_page(page, rows, queries.render_membre)


@router.get(
    "/membres/{membre_id}",
    response_model=Membre,
    summary="Lire un partenaire du réseau",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_membre(membre_id: _MembreId, request: Request, tx: TransactionDep) -> Response:
    """Rend un partenaire ; celui de santé est introuvable sans `parcours.sante:lire`.

    Portée `parcours:lire`.
    """
    sante = lit_sante(tx.acces.portees)
    row = await queries.read_membre(
        tx, membre_id, rules.roles_connus(sante=sante), sante=sante, lock=False
    )
    request.state.parcours_lus = [row.parcours_id]
    return rendre_lecture(request, queries.render_membre(row), row.version)


@router.post(
    "/membres/{membre_id}/clotures",
    status_code=201,
    response_model=Membre,
    summary="Enregistrer le départ d'un partenaire",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def cloturer_membre(
    membre_id: _MembreId,
    demande: MembreClotureCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre le départ d'un partenaire du réseau ; il y reste lisible.

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour la santé. Publie
    `parcours.membre.parti`, sauf pour elle.
    """

    async def partir() -> Effet:
        sante = connait_sante(tx.acces.portees)
        membre = await queries.read_membre(
            tx, membre_id, rules.roles_connus(sante=sante), sante=sante, lock=True
        )
        request.state.parcours_lus = [membre.parcours_id]
        exige_ecriture(
            sante=membre.rqth or membre.role in rules.ROLES_SANTE, portees=tx.acces.portees
        )
        exige_version(membre.version, version)
        exige_ouvert(membre.statut_parcours)
        if membre.date_fin is not None:
            raise TransitionInterdite("parti", [])
        rules.verifier_depart(demande, membre.date_debut, await service.aujourdhui(tx))
        row = await queries.end_membre(tx, membre_id, demande.date_fin)
        return await _effet_membre(tx, row, "parti", sante=membre.rqth)

    return await once(tx, commande, partir)


async def _effet(tx: Transaction, row: Row[Any], fait: str) -> Effet:
    """Tell the feed, but of what is of health."""
    if not row.rqth:
        operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
        told = Fait(f"parcours.dispositif.{fait}", "dispositifs", row.id, row.version, operation)
        await publier(tx, told)
    return Effet(queries.render(row), location=f"/v1/dispositifs/{row.id}", version=row.version)


async def _effet_membre(tx: Transaction, row: Row[Any], fait: str, *, sante: bool) -> Effet:
    """Tell the feed, but of what is of health."""
    if not sante and row.role not in rules.ROLES_SANTE:
        operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
        told = Fait(f"parcours.membre.{fait}", "membres", row.id, row.version, operation)
        await publier(tx, told)
    return Effet(queries.render_membre(row), location=f"/v1/membres/{row.id}", version=row.version)
