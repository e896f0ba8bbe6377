"""Who follows a person: the référent unique, the hand-over to the next, and who works beside.

All that changes who answers holds the parcours first: at most one référent at a time, and a
réorientation waits for its turn.
"""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours import tables
from services.parcours.accompagnements.queries import lock_parcours, read_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.freins.rules import (
    DonneeSanteInterdite,
    connait_sante,
    exige_ecriture,
    lit_sante,
)
from services.parcours.referents import queries, rules
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import DateCivile, Operation
from shared.schemas.parcours.accompagnement import (
    Intervenant,
    IntervenantClotureCreation,
    IntervenantCreation,
    NiveauSuivi,
    PageIntervenants,
    PageReferents,
    Passation,
    PassationCreation,
    PassationReponseCreation,
    Referent,
    ReferentClotureCreation,
    ReferentCreation,
    StatutPassation,
    Suivi,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("referents")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]
_ReferentId = Annotated[
    UUID, Path(description="Un référent", examples=["019cb368-8f25-7e11-9d42-7a05c1e8b364"])
]
_PassationId = Annotated[
    UUID, Path(description="Une passation", examples=["019cb368-8f25-7f36-8b07-c4d19e2a5f70"])
]
_IntervenantId = Annotated[
    UUID, Path(description="Un intervenant", examples=["019cb368-8f25-7b58-a3e9-0f6d72c1b845"])
]

_ECRITURE = (Introuvable, ParcoursClos, TransitionInterdite)


@router.post(
    "/parcours/{parcours_id}/referents",
    status_code=201,
    response_model=Referent,
    summary="Désigner le référent unique",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, rules.AutreOrganisme),
)
async def creer_referent(
    parcours_id: _ParcoursId,
    demande: ReferentCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Désigne qui répond du parcours pour l'organisme référent ; un seul à la fois.

    Le suivant vient par une passation. Un autre organisme est une réorientation, qui se décide
    dans orientation : 409 `autorite-incompetente`. Portée `parcours:ecrire`. Publie
    `parcours.referent.designe`.
    """

    return await once(tx, commande, lambda: designer_referent(service, tx, demande, parcours_id))


async def designer_referent(
    service: Service, tx: Transaction, demande: ReferentCreation, parcours_id: UUID
) -> Effet:
    """Designate who answers for a parcours."""
    parcours = await lock_parcours(tx, parcours_id)
    exige_ouvert(parcours.statut)
    rules.exige_organisme(demande.organisme_referent_id, parcours.organisme_referent_id)
    courant = await queries.read_courant(tx, parcours_id)
    if courant is not None:
        raise rules.ReferentDejaDesigne(
            statut_actuel="designe",
            transitions_possibles=["passation", "cloture"],
            referent_id=str(courant.id),
        )
    rules.verifier_designation(
        demande,
        debut_periode=parcours.date_debut,
        dernier_depart=await queries.read_dernier_depart(tx, parcours_id),
        jour=await service.aujourdhui(tx),
    )
    values = {"id": new_id(), "parcours_id": parcours_id, **demande.model_dump()}
    return _referent(await _designate(tx, values))


@router.get(
    "/parcours/{parcours_id}/referents",
    response_model=PageReferents,
    summary="Lister les référents d'un parcours",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_referents(
    parcours_id: _ParcoursId,
    page: Annotated[PageDemandee, page_de(PageReferents)],
    tx: TransactionDep,
) -> Response:
    """Rend tous ceux qui ont répondu du parcours, d'un organisme à l'autre, le dernier d'abord.

    Portée `parcours:lire`.
    """
    await read_parcours(tx, parcours_id)
    rows = await queries.list_referents(tx, page, parcours_id)
    return rendre_page(page, rows, queries.render_referent)


@router.get(
    "/referents/{referent_id}",
    response_model=Referent,
    summary="Lire un référent",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_referent(
    referent_id: _ReferentId, request: Request, tx: TransactionDep
) -> Response:
    """Rend qui répond, ou a répondu, d'un parcours. Portée `parcours:lire`."""
    row = await queries.read_referent(tx, referent_id)
    return rendre_lecture(request, queries.render_referent(row), row.version)


@router.post(
    "/referents/{referent_id}/clotures",
    status_code=201,
    response_model=Referent,
    summary="Mettre fin à une désignation sans successeur",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def cloturer_referent(
    referent_id: _ReferentId,
    demande: ReferentClotureCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Met fin à une désignation : la structure suit, jusqu'à la désignation suivante.

    Une fin à venir peut être avancée, et un référent à venir retiré à son premier jour : c'est
    ainsi qu'une passation acceptée se défait avant son jour. Une passation en attente devient
    `caduque`. Portée `parcours:ecrire`. Publie `parcours.referent.parti`, et
    `parcours.passation.caduque` s'il y en a une.
    """

    async def finir() -> Effet:
        parcours = await queries.lock_parcours_de(tx, tables.Referent, referent_id)
        referent = await queries.read_referent(tx, referent_id)
        exige_version(referent.version, version)
        exige_ouvert(parcours.statut)
        jour = await service.aujourdhui(tx)
        rules.exige_en_cours(referent.date_fin, date_debut=referent.date_debut, jour=jour)
        rules.verifier_fin(demande, date_debut=referent.date_debut, jour=jour)
        row = await queries.end_referent(
            tx, referent_id, date_fin=demande.date_fin, motif=demande.motif.value
        )
        caduques = await queries.lapse_passations(tx, [referent_id])
        await publier(tx, _fait("parcours.referent.parti", "referents", row), *caduques)
        return _referent(row)

    return await once(tx, commande, finir)


@router.post(
    "/parcours/{parcours_id}/passations",
    status_code=201,
    response_model=Passation,
    summary="Proposer un changement de référent",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, rules.AutreOrganisme),
)
async def creer_passation(
    parcours_id: _ParcoursId,
    demande: PassationCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Propose un successeur au référent, dans le même organisme : ce n'est pas une réorientation.

    Les deux côtés répondent ; rien ne change avant leur accord. Un autre organisme : 409
    `autorite-incompetente`. Portée `parcours:ecrire`. Publie `parcours.passation.proposee`.
    """

    async def proposer() -> Effet:
        parcours = await lock_parcours(tx, parcours_id)
        exige_ouvert(parcours.statut)
        rules.exige_organisme(demande.organisme_referent_id, parcours.organisme_referent_id)
        courant = await queries.read_courant(tx, parcours_id)
        if courant is None:
            raise TransitionInterdite(NiveauSuivi.STRUCTURE, ["designation"])
        rules.verifier_passation(demande, cedant=courant.agent, date_debut=courant.date_debut)
        row = await queries.store_passation(
            tx,
            {
                "id": new_id(),
                "parcours_id": parcours_id,
                "referent_id": courant.id,
                "statut": StatutPassation.PROPOSEE.value,
                "date_proposition": await service.aujourdhui(tx),
                **demande.model_dump(exclude={"organisme_referent_id"}),
            },
        )
        if row is None:
            statut = StatutPassation.PROPOSEE
            raise rules.PassationEnCours(
                statut_actuel=statut, transitions_possibles=list(rules.TRANSITIONS[statut])
            )
        await publier(tx, _fait("parcours.passation.proposee", "passations", row))
        return Effet(
            queries.render_passation(row, []),
            location=f"/v1/passations/{row.id}",
            version=row.version,
        )

    return await once(tx, commande, proposer)


@router.get(
    "/passations/{passation_id}",
    response_model=Passation,
    summary="Lire une passation",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_passation(
    passation_id: _PassationId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une passation et ce que chaque côté y a répondu. Portée `parcours:lire`."""
    row, reponses = await queries.read_passation(tx, passation_id)
    return rendre_lecture(request, queries.render_passation(row, reponses), row.version)


@router.post(
    "/passations/{passation_id}/reponses",
    status_code=201,
    response_model=Passation,
    summary="Répondre à une passation",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_reponse_passation(
    passation_id: _PassationId,
    demande: PassationReponseCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Donne l'accord ou le refus d'un côté, et rend la passation.

    Au second accord le référent change, au jour voulu ou, s'il est passé, aujourd'hui ; un refus
    suffit à ce que rien ne change. Portée `parcours:ecrire`. Publie `parcours.passation.acceptee`
    avec `parcours.referent.parti` et `parcours.referent.designe`, ou `parcours.passation.refusee`,
    ou `parcours.passation.repondue` s'il reste un côté.
    """

    async def repondre() -> Effet:
        parcours = await queries.lock_parcours_de(tx, tables.Passation, passation_id)
        passation, reponses = await queries.read_passation(tx, passation_id)
        exige_version(passation.version, version)
        exige_ouvert(parcours.statut)
        cedant = await queries.read_referent(tx, passation.referent_id)
        etat = queries.etat(passation, reponses, cedant.agent)
        statut = rules.statut_apres(etat, demande)
        jour = await service.aujourdhui(tx)
        await queries.store_reponse(
            tx,
            {
                "id": new_id(),
                "passation_id": passation_id,
                "date_reponse": jour,
                "client_id": tx.acces.auteur,
                **demande.model_dump(),
            },
        )
        suivant_id = None
        if statut is StatutPassation.ACCEPTEE:
            debut = rules.debut_apres_accord(passation.date_passation, jour)
            suivant_id = await _hand_over(tx, passation, cedant, debut)
        row = await queries.settle_passation(tx, passation_id, statut, suivant_id)
        settled = statut if statut is not StatutPassation.PROPOSEE else "repondue"
        await publier(tx, _fait(f"parcours.passation.{settled}", "passations", row))
        return Effet(
            queries.render_passation(row, await queries.read_reponses(tx, passation_id)),
            location=f"/v1/passations/{passation_id}",
            version=row.version,
        )

    return await once(tx, commande, repondre)


@router.get(
    "/parcours/{parcours_id}/suivi",
    response_model=Suivi,
    summary="Lire qui suit la personne, un jour",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_suivi(
    parcours_id: _ParcoursId,
    service: ServiceDep,
    tx: TransactionDep,
    au: Annotated[
        DateCivile | None,
        Query(description="Jour voulu ; absent : aujourd'hui", examples=["2026-03-31"]),
    ] = None,
) -> Response:
    """Rend l'organisme référent, son agent ou à défaut la structure, et les intervenants, ce jour.

    Portée `parcours:lire` ; un infirmier n'y est qu'avec `parcours.sante:lire`.
    """
    await read_parcours(tx, parcours_id)
    jour: date = au or await service.aujourdhui(tx)
    organisme_id, referent, intervenants = await queries.read_suivi(
        tx, parcours_id, jour, rules.roles_connus(sante=lit_sante(tx.acces.portees))
    )
    niveau = NiveauSuivi.AGENT if referent is not None else NiveauSuivi.STRUCTURE
    corps = Suivi(
        parcours_id=parcours_id,
        date_reference=jour,
        organisme_referent_id=organisme_id,
        niveau=niveau if organisme_id is not None else None,
        referent=queries.render_referent(referent) if referent is not None else None,
        intervenants=[queries.render_intervenant(row) for row in intervenants],
    )
    return rendre(Effet(corps, status=200))


@router.post(
    "/parcours/{parcours_id}/intervenants",
    status_code=201,
    response_model=Intervenant,
    summary="Enregistrer un intervenant",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, DonneeSanteInterdite),
)
async def creer_intervenant(
    parcours_id: _ParcoursId,
    demande: IntervenantCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre qui intervient à côté du référent ; une réorientation n'y change rien.

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un infirmier. Publie
    `parcours.intervenant.arrive`, sauf pour lui.
    """
    exige_ecriture(sante=demande.role in rules.ROLES_SANTE, portees=tx.acces.portees)

    async def enregistrer() -> Effet:
        parcours = await lock_parcours(tx, parcours_id)
        exige_ouvert(parcours.statut)
        rules.verifier_intervenant(demande, await service.aujourdhui(tx))
        row = await queries.store_intervenant(
            tx,
            {
                **demande.model_dump(),
                "id": new_id(),
                "parcours_id": parcours_id,
                "organisme_id": demande.organisme_id or parcours.organisme_referent_id,
            },
        )
        if row is None:
            raise rules.IntervenantDejaLa(
                statut_actuel="en_cours", transitions_possibles=["cloture"]
            )
        return await _intervenant(tx, row, "parcours.intervenant.arrive")

    return await once(tx, commande, enregistrer)


@router.get(
    "/parcours/{parcours_id}/intervenants",
    response_model=PageIntervenants,
    summary="Lister les intervenants d'un parcours",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_intervenants(
    parcours_id: _ParcoursId,
    page: Annotated[PageDemandee, page_de(PageIntervenants)],
    tx: TransactionDep,
) -> Response:
    """Rend qui est intervenu à côté du référent, le dernier enregistré d'abord.

    Portée `parcours:lire` ; un infirmier n'y est qu'avec `parcours.sante:lire`.
    """
    await read_parcours(tx, parcours_id)
    roles = rules.roles_connus(sante=lit_sante(tx.acces.portees))
    rows = await queries.list_intervenants(tx, page, parcours_id, roles)
    return rendre_page(page, rows, queries.render_intervenant)


@router.get(
    "/intervenants/{intervenant_id}",
    response_model=Intervenant,
    summary="Lire un intervenant",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_intervenant(
    intervenant_id: _IntervenantId, request: Request, tx: TransactionDep
) -> Response:
    """Rend qui intervient, de quand à quand. Portée `parcours:lire`.

    Sans `parcours.sante:lire`, un infirmier est introuvable.
    """
    roles = rules.roles_connus(sante=lit_sante(tx.acces.portees))
    row = await queries.read_intervenant(tx, intervenant_id, roles)
    return rendre_lecture(request, queries.render_intervenant(row), row.version)


@router.post(
    "/intervenants/{intervenant_id}/clotures",
    status_code=201,
    response_model=Intervenant,
    summary="Enregistrer le départ d'un intervenant",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, DonneeSanteInterdite),
)
async def cloturer_intervenant(
    intervenant_id: _IntervenantId,
    demande: IntervenantClotureCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre le dernier jour d'un intervenant. Portée `parcours:ecrire`.

    Et `parcours.sante:ecrire` pour un infirmier. Publie `parcours.intervenant.parti`, sauf pour
    lui.
    """
    roles = rules.roles_connus(sante=connait_sante(tx.acces.portees))

    async def finir() -> Effet:
        parcours = await queries.lock_parcours_de(tx, tables.Intervenant, intervenant_id)
        intervenant = await queries.read_intervenant(tx, intervenant_id, roles)
        sante = intervenant.role in rules.ROLES_SANTE
        exige_ecriture(sante=sante, portees=tx.acces.portees)
        exige_version(intervenant.version, version)
        exige_ouvert(parcours.statut)
        jour = await service.aujourdhui(tx)
        rules.exige_en_cours(intervenant.date_fin, date_debut=intervenant.date_debut, jour=jour)
        rules.verifier_depart(demande, date_debut=intervenant.date_debut, jour=jour)
        row = await queries.end_intervenant(tx, intervenant_id, demande.date_fin)
        return await _intervenant(tx, row, "parcours.intervenant.parti")

    return await once(tx, commande, finir)


async def _designate(tx: Transaction, values: dict[str, Any]) -> Row[Any]:
    row = await queries.store_referent(tx, values)
    await publier(tx, _fait("parcours.referent.designe", "referents", row))
    return row


async def _hand_over(tx: Transaction, passation: Row[Any], cedant: Row[Any], debut: date) -> UUID:
    """End one référent on the day when the other begins."""
    parti = await queries.end_referent(tx, cedant.id, date_fin=debut, motif=passation.motif)
    await publier(tx, _fait("parcours.referent.parti", "referents", parti))
    suivant = await _designate(
        tx,
        {
            "id": new_id(),
            "parcours_id": passation.parcours_id,
            "organisme_referent_id": cedant.organisme_referent_id,
            "agent": passation.agent,
            "date_debut": debut,
            "passation_id": passation.id,
        },
    )
    found: UUID = suivant.id
    return found


async def _intervenant(tx: Transaction, row: Row[Any], fait: str) -> Effet:
    """Tell the feed; of a role of health it says nothing, not even that something is there."""
    if row.role not in rules.ROLES_SANTE:
        await publier(tx, _fait(fait, "intervenants", row))
    return Effet(
        queries.render_intervenant(row),
        location=f"/v1/intervenants/{row.id}",
        version=row.version,
    )


def _referent(row: Row[Any]) -> Effet:
    return Effet(
        queries.render_referent(row), location=f"/v1/referents/{row.id}", version=row.version
    )


def _fait(fait: str, ressource: str, row: Row[Any]) -> Fait:
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    return Fait(fait, ressource, row.id, row.version, operation)
