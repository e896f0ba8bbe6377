"""Séances of collective offers: who is inscribed through a prescription, and who came."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.freins.rules import (
    DonneeSanteInterdite,
    connait_sante,
    exige_ecriture,
    lit_sante,
)
from services.parcours.offres.queries import read_offre
from services.parcours.offres.rules import exige_collective
from services.parcours.prescriptions.queries import lock_prescription, read_prescription
from services.parcours.seances import queries, rules
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import Operation
from shared.schemas.parcours.offres import (
    EmargementCreation,
    Inscription,
    InscriptionCreation,
    PageInscriptions,
    PageSeances,
    Seance,
    SeanceCreation,
    StatutInscription,
    StatutPresence,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("offres")


@router.post(
    "/offres/{offre_id}/seances",
    status_code=201,
    response_model=Seance,
    summary="Ouvrir une séance d'une offre collective",
    dependencies=[portee("parcours:administrer")],
    responses=refusals(Introuvable),
)
async def creer_seance(
    offre_id: UUID,
    demande: SeanceCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ouvre une séance à venir et ses places. Portée `parcours:administrer`.

    Les places d'une séance bornent les inscriptions ; celles de l'action se réservent à la
    prescription. Publie `parcours.seance.ouverte`.
    """

    async def ouvrir() -> Effet:
        offre = await read_offre(tx, offre_id)
        exige_collective(offre.modalite)
        maintenant = service.horloge()
        rules.verifier_seance(demande, maintenant)
        values = demande.model_dump()
        values["code_commune"] = values["code_commune"] or offre.code_commune
        seance_id = new_id()
        await queries.store_seance(tx, {**values, "id": seance_id, "offre_id": offre_id})
        row = await queries.read_seance(tx, seance_id, maintenant)
        fait = Fait("parcours.seance.ouverte", "seances", seance_id, 1, Operation.CREATION)
        await publier(tx, fait)
        return Effet(
            queries.render(row, sante=lit_sante(tx.acces.portees)),
            location=f"/v1/seances/{seance_id}",
            version=1,
        )

    return await once(tx, commande, ouvrir)


@router.get(
    "/offres/{offre_id}/seances",
    response_model=PageSeances,
    summary="Lister les séances d'une offre",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_seances_offre(
    offre_id: UUID,
    page: Annotated[PageDemandee, page_de(PageSeances, "-debut_le", "cree_le")],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend les séances passées et à venir, la dernière d'abord. Portée `parcours:lire`."""
    await read_offre(tx, offre_id)
    rows = await queries.list_seances(tx, page, offre_id, service.horloge())
    sante = lit_sante(tx.acces.portees)
    return rendre_page(page, rows, lambda row: queries.render(row, sante=sante))


@router.get(
    "/seances/{seance_id}",
    response_model=Seance,
    summary="Lire une séance et ses places",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_seance(seance_id: UUID, service: ServiceDep, tx: TransactionDep) -> Response:
    """Rend une séance et ses places à l'instant. Portée `parcours:lire`.

    Les places bougent sans la version, donc la réponse n'est jamais 304.
    """
    row = await queries.read_seance(tx, seance_id, service.horloge())
    seance = queries.render(row, sante=lit_sante(tx.acces.portees))
    return rendre(Effet(seance, version=row.version, status=200))


@router.post(
    "/seances/{seance_id}/inscriptions",
    status_code=201,
    response_model=Inscription,
    summary="Inscrire à une séance par une prescription",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(
        Introuvable,
        TransitionInterdite,
        DonneeSanteInterdite,
        rules.SeanceComplete,
        rules.InscriptionExistante,
    ),
)
async def creer_inscription(
    seance_id: UUID,
    demande: InscriptionCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Prend une place d'une séance pour une prescription de son offre ; jamais une de trop.

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un frein de santé. Publie
    `parcours.inscription.enregistree`, sauf pour lui.
    """

    async def inscrire() -> Effet:
        maintenant = service.horloge()
        sante = connait_sante(tx.acces.portees)
        # Held first: whoever ends it waits, and finds this inscription.
        prescription = await lock_prescription(tx, demande.prescription_id, sante=sante)
        exige_ecriture(sante=prescription.sante, portees=tx.acces.portees)
        request.state.parcours_lus = [prescription.parcours_id]
        seance = await queries.lock_seance(tx, seance_id, maintenant)
        rules.exige_inscriptible(
            prescription.statut,
            prescription.expire_le,
            offre_prescrite=prescription.offre_id,
            offre_seance=seance.offre_id,
            fin_le=seance.fin_le,
            maintenant=maintenant,
        )
        rules.exige_place(seance.prises, seance.places)
        row = await queries.store_inscription(
            tx,
            {
                "id": new_id(),
                "seance_id": seance_id,
                "parcours_id": prescription.parcours_id,
                "prescription_id": prescription.id,
                "statut": StatutInscription.INSCRIT.value,
                "client_id": tx.acces.auteur,
            },
            sante=prescription.sante,
        )
        return await _effet(tx, row, "enregistree")

    return await once(tx, commande, inscrire)


@router.get(
    "/seances/{seance_id}/inscriptions",
    response_model=PageInscriptions,
    summary="Lister les inscriptions à une séance",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_inscriptions_seance(
    seance_id: UUID,
    page: Annotated[PageDemandee, page_de(PageInscriptions)],
    request: Request,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend qui est inscrit et qui est venu, le dernier inscrit d'abord. Portée `parcours:lire`.

    Les inscriptions pour un frein de santé n'y sont qu'avec `parcours.sante:lire`.
    """
    await queries.read_seance(tx, seance_id, service.horloge())
    sante = lit_sante(tx.acces.portees)
    rows = await queries.list_inscriptions(tx, page, seance_id, sante=sante)
    request.state.parcours_lus = [row.parcours_id for row in page.montrees(rows)]
    return rendre_page(page, rows, queries.render_inscription)


@router.get(
    "/inscriptions/{inscription_id}",
    response_model=Inscription,
    summary="Lire une inscription",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_inscription(
    inscription_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une inscription. Portée `parcours:lire`.

    Celle d'un frein de santé est introuvable sans `parcours.sante:lire`.
    """
    sante = lit_sante(tx.acces.portees)
    row = await queries.read_inscription(tx, inscription_id, sante=sante)
    return rendre_lecture(request, queries.render_inscription(row), row.version)


@router.post(
    "/inscriptions/{inscription_id}/presences",
    status_code=201,
    response_model=Inscription,
    summary="Émarger : présent, absent ou excusé",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(
        Introuvable, TransitionInterdite, DonneeSanteInterdite, rules.SeanceComplete
    ),
)
async def creer_presence_inscription(
    inscription_id: UUID,
    demande: EmargementCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Dit si la personne est venue ; une absence est un fait, et rien n'en découle.

    Une fois la séance commencée ; `excuse` aussi avant, et rend la place. Une feuille se corrige ;
    la place rendue, ou dont la prescription ne tient plus, doit rester libre pour se reprendre.
    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un frein de santé. Publie
    `parcours.inscription.emargee`, sauf pour lui.
    """

    async def emarger() -> Effet:
        maintenant = service.horloge()
        sante = connait_sante(tx.acces.portees)
        found = await queries.read_inscription(tx, inscription_id, sante=sante)
        exige_ecriture(sante=found.sante, portees=tx.acces.portees)
        seance = await queries.lock_seance(tx, found.seance_id, maintenant)
        inscription = await queries.read_inscription(tx, inscription_id, sante=sante)
        exige_version(inscription.version, version)
        statut = StatutInscription(inscription.statut)
        rules.verifier_presence(statut, demande.statut, seance.debut_le, maintenant)
        if demande.statut is not StatutPresence.EXCUSE:
            # Read once the séance is held: whoever took the place since is counted in it.
            prescription = await read_prescription(
                tx, inscription.prescription_id, sante=inscription.sante
            )
            if rules.a_rendu(statut, prescription.statut, prescription.expire_le, maintenant):
                rules.exige_place(seance.prises, seance.places)
        row = await queries.update_statut(tx, inscription, StatutInscription(demande.statut))
        return await _effet(tx, row, "emargee")

    return await once(tx, commande, emarger)


async def _effet(tx: Transaction, row: Row[Any], fait: str) -> Effet:
    if not row.sante:
        operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
        nom = f"parcours.inscription.{fait}"
        await publier(tx, Fait(nom, "inscriptions", row.id, row.version, operation))
    return Effet(
        queries.render_inscription(row),
        location=f"/v1/inscriptions/{row.id}",
        version=row.version,
    )
