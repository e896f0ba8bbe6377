"""The person's own view: a code that her référent gives, a page that it opens, one request.

The code itself is shown each time, in a body: no session to keep, to steal or to end, and a code
revoked is revoked at once. The client that carries it, a portal, reads nothing else by its scopes.
"""

import hmac
import secrets
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours import voisins
from services.parcours.accompagnements.queries import read_parcours, read_statut
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.consultations import queries, rules
from services.parcours.contrats_engagement import queries as contrats
from services.parcours.diagnostics.queries import read_courant as read_diagnostic_courant
from services.parcours.echeances import queries as echeances
from services.parcours.echeances.rules import DUES
from services.parcours.freins import queries as freins
from services.parcours.freins.rules import DonneeSanteInterdite, lit_sante
from services.parcours.journaux_acces import queries as journaux
from services.parcours.journaux_acces.routes import noter
from services.parcours.prescriptions import queries as prescriptions
from services.parcours.referents.queries import read_courant as read_referent_courant
from shared import contexte
from shared.clients.voisin import RefusVoisin
from shared.delais import etat, fin_de_delai
from shared.refus import Introuvable, Refus, TransitionInterdite
from shared.schemas.commun import Operation, Page
from shared.schemas.orientation.orientations import Orientation
from shared.schemas.orientation.reorientations import (
    DemandeurReorientation,
    Reorientation,
    ReorientationCreation,
)
from shared.schemas.parcours.consultations import (
    CodeConsultation,
    CodeConsultationCreation,
    CodeConsultationCree,
    CodeConsultationRevocationCreation,
    Consultation,
    ConsultationReorientationCreation,
    ConsultationRequete,
    PageCodesConsultation,
    ParcoursVise,
    ReorientationDemandee,
)
from shared.schemas.parcours.contrats_engagement import PageContratsEngagement, StatutContrat
from shared.schemas.parcours.echeances import PageEcheancesParcours
from shared.schemas.parcours.prescriptions import PagePrescriptions
from shared.socle.auth import Acces
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("consultations")

LIRE, ECRIRE = "parcours.consultation:lire", "parcours.consultation:ecrire"
_PAR_PAGE = 20
_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]
_CodeId = Annotated[
    UUID,
    Path(
        description="Un code de consultation, jamais le code lui-même",
        examples=["019cb7e4-90b0-7f4c-8d15-3a92e06b7c81"],
    ),
]


class AutoriteIncompetente(Refus):
    """Told by orientation, and told again as it said it; here it is only declared."""

    code = "autorite-incompetente"


@router.post(
    "/parcours/{parcours_id}/codes-consultation",
    status_code=201,
    response_model=CodeConsultationCree,
    summary="Donner à la personne un code de consultation",
    dependencies=[portee("parcours:ecrire")],
    responses={
        **refusals(Introuvable, ParcoursClos, DonneeSanteInterdite),
        201: {
            "links": {
                "lecture": {
                    "operationId": "obtenir_code_consultation",
                    "parameters": {"code_consultation_id": "$response.body#/consultation/id"},
                }
            }
        },
    },
)
async def creer_code_consultation(
    parcours_id: _ParcoursId,
    demande: CodeConsultationCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Crée un code qui ouvre ce parcours à la personne, en lecture, pour quelques jours.

    Le code n'est dit qu'ici : seules deux empreintes en restent, et un rejeu rend `code` null. Sept
    jours civils, ou le délai local `code_consultation` de la collectivité ; cinq essais faux le
    bloquent. Sa santé n'y est que si `avec_sante` le demande, avec `parcours.sante:lire` : son
    écran se partage. Portée `parcours:ecrire`. Publie `parcours.code_consultation.cree`.
    """
    if demande.avec_sante and not lit_sante(tx.acces.portees):
        raise DonneeSanteInterdite
    crees: list[CodeConsultationCree] = []

    async def creer() -> Effet:
        exige_ouvert(await read_statut(tx, parcours_id))
        jour = await service.aujourdhui(tx)
        delai = rules.duree(jour, await contrats.read_delais_locaux(tx))
        code = rules.ecrire_code(secrets.token_bytes(rules.HASARD_OCTETS))
        repere, secret = queries.empreintes(service.coffre, *rules.lire_code(code))
        row = await queries.store_code(
            tx,
            {
                "id": new_id(),
                "parcours_id": parcours_id,
                "agent": demande.agent,
                "repere": repere,
                "secret": secret,
                "avec_sante": demande.avec_sante,
                "expire_le": fin_de_delai(delai.echeance(jour), await service.fuseau(tx)),
                "client_id": tx.acces.auteur,
            },
        )
        await _publier(tx, "cree", row)
        if not commande.essai:
            await noter(request, tx)
        cree = CodeConsultationCree(
            consultation=queries.render(row, service.horloge()),
            code=code,
            avec_sante=row.avec_sante,
            duree_source=delai.source,
            duree_confirmee=delai.confirme,
        )
        crees.append(cree)
        # What is kept for replay is kept without the code: sealed is not hashed.
        return _effet(cree.consultation, cree.model_copy(update={"code": None}))

    response = await once(tx, commande, creer)
    if not crees or commande.essai:
        return response
    return rendre(_effet(crees[0].consultation, crees[0]))


@router.get(
    "/parcours/{parcours_id}/codes-consultation",
    response_model=PageCodesConsultation,
    summary="Lister les codes de consultation d'un parcours",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_codes_consultation(
    parcours_id: _ParcoursId,
    page: Annotated[PageDemandee, page_de(PageCodesConsultation)],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend les codes donnés, sans les codes eux-mêmes. Portée `parcours:lire`."""
    await read_parcours(tx, parcours_id)
    rows = await queries.list_codes(tx, page, parcours_id)
    maintenant = service.horloge()
    return rendre_page(page, rows, lambda row: queries.render(row, maintenant))


@router.get(
    "/codes-consultation/{code_consultation_id}",
    response_model=CodeConsultation,
    summary="Lire où en est un code de consultation",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_code_consultation(
    code_consultation_id: _CodeId, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend un code de consultation, sans le code lui-même : jamais 304, le temps le fait expirer.

    Portée `parcours:lire`.
    """
    row = await queries.read_code(tx, code_consultation_id)
    contenu = queries.render(row, service.horloge())
    return rendre(Effet(contenu, version=row.version, status=200))


@router.post(
    "/codes-consultation/{code_consultation_id}/revocations",
    status_code=201,
    response_model=CodeConsultation,
    summary="Révoquer un code de consultation",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable, TransitionInterdite),
)
async def annuler_code_consultation(
    code_consultation_id: _CodeId,
    demande: CodeConsultationRevocationCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Met fin à un code à l'instant, qu'il vaille encore ou non.

    Portée `parcours:ecrire`. Publie `parcours.code_consultation.revoque`.
    """

    async def revoquer() -> Effet:
        row = await queries.read_code(tx, code_consultation_id, tenu=True)
        exige_version(row.version, version)
        if row.revoque_le is not None:
            raise TransitionInterdite("revoque", [])
        row = await queries.revoke_code(tx, row.id, service.horloge(), demande.motif)
        await _publier(tx, "revoque", row)
        return _effet(queries.render(row, service.horloge()))

    return await once(tx, commande, revoquer)


@router.post(
    "/consultations/recherches",
    response_model=Consultation,
    summary="Ouvrir son dossier avec un code de consultation",
    dependencies=[portee(LIRE), quota("recherche")],
    responses=refusals(Introuvable),
)
async def rechercher_consultation(
    demande: ConsultationRequete, request: Request, service: ServiceDep
) -> Response:
    """Rend à la personne son dossier en une page, et qui l'a lu.

    Le code est dans le corps, jamais dans une URL. Inconnu, faux, expiré, révoqué, bloqué ou d'une
    autre collectivité : la même réponse. Santé et handicap n'y sont que si le référent l'a choisi
    en donnant le code. Rien ne s'écrit que l'accès lui-même. Portée `parcours.consultation:lire`,
    qui n'ouvre rien d'autre. Si l'orientation se tait, 503.
    """
    acces: Acces = request.state.acces
    code = await _ouvrir(service, acces, demande.code)
    request.state.parcours_lus, request.state.sante_lue = [code.parcours_id], code.avec_sante
    async with service.base.transaction(acces) as tx:
        parcours = await read_parcours(tx, code.parcours_id)
    orientation = await _orientation(service, acces, parcours.orientation_id)
    async with service.base.transaction(acces) as tx:
        corps = await _consultation(service, tx, request, code, orientation)
    return rendre(Effet(corps, status=200))


@router.post(
    "/consultations/reorientations",
    status_code=201,
    response_model=ReorientationDemandee,
    summary="Demander une réorientation avec un code de consultation",
    dependencies=[portee(ECRIRE), quota("recherche")],
    responses={
        **refusals(Introuvable, ParcoursClos, TransitionInterdite, AutoriteIncompetente),
        201: {
            "links": {
                "parcours": {
                    "operationId": "obtenir_parcours",
                    "parameters": {"parcours_id": "$response.body#/parcours/id"},
                }
            }
        },
    },
)
async def creer_reorientation_personne(
    demande: ConsultationReorientationCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Transmet à l'orientation la demande de la personne, motif `demande_personne`.

    L'organisme référent la porte (L5411-5-2 II) : elle part au nom du client qui a donné le code.
    Une seule attend à la fois ; ce que refuse l'orientation est répondu tel quel, et la même
    requête peut être renvoyée. Portée `parcours.consultation:ecrire`.
    """
    acces: Acces = request.state.acces

    async def demander() -> tuple[Row[Any], Reorientation]:
        code = await _ouvrir(service, acces, demande.code)
        request.state.parcours_lus = [code.parcours_id]
        async with service.base.transaction(acces) as tx:
            parcours = await read_parcours(tx, code.parcours_id)
            exige_ouvert(parcours.statut)
            diagnostic = await read_diagnostic_courant(tx, code.parcours_id)
            page = _page(request, PageContratsEngagement, "-cree_le", limite=1)
            signes = await contrats.list_contrats(
                tx,
                page,
                statuts=[StatutContrat.SIGNE],
                parcours=[code.parcours_id],
                personnes=[],
            )
        client = voisins.orientation(
            service, acces.collectivite, "orientation:lire orientation:ecrire"
        )
        with contexte.pour(code.client_id):
            orientation = await client.lire_orientation(parcours.orientation_id)
            recue = await client.creer_reorientation(
                orientation,
                ReorientationCreation(
                    demandeur=DemandeurReorientation.PERSONNE,
                    moment=rules.moment(diagnostique=diagnostic is not None, signe=bool(signes)),
                    motif="demande_personne",
                    commentaire=demande.commentaire,
                    diagnostic_id=diagnostic.id if diagnostic else None,
                    type_parcours_propose=demande.type_parcours_propose,
                    organisme_propose_id=demande.organisme_propose_id,
                ),
                cle=commande.cle_pour("reorientation"),
                essai=commande.essai,
            )
        return parcours, recue

    async def repondre(_: Transaction, trouve: tuple[Row[Any], Reorientation]) -> Effet:
        parcours, recue = trouve
        corps = ReorientationDemandee(
            parcours=ParcoursVise(id=parcours.id, statut=parcours.statut),
            reorientation_id=recue.id,
            statut=recue.statut,
            date_demande=recue.date_demande,
            date_limite_reponse=recue.date_limite_reponse,
        )
        url = service.reglages.url_de("orientation").rstrip("/")
        return Effet(corps, location=f"{url}/v1/reorientations/{recue.id}")

    return await voisins.call_then_write(service, acces, commande, demander, repondre)


async def _ouvrir(service: Service, acces: Acces, saisi: str) -> Row[Any]:
    """Find and prove a code; what was tried is counted, though the request is refused.

    Raises:
        CodeRefuse: it does not open, for any reason.
    """
    repere, secret = queries.empreintes(service.coffre, *rules.lire_code(saisi))
    async with service.base.transaction(acces) as tx:
        row = await queries.lock_repere(tx, repere)
        # An unknown code is compared too: the time that it takes tells nothing.
        juste = hmac.compare_digest(bytes(row.secret) if row else bytes(len(secret)), secret)
        if row is not None and not juste:
            await queries.count_essai(tx, row.id)
    rules.exige_valable(queries.etat(row) if row else None, service.horloge(), juste=juste)
    assert row is not None
    return row


async def _orientation(service: Service, acces: Acces, orientation_id: UUID) -> Orientation | None:
    try:
        return await voisins.orientation(service, acces.collectivite).lire_orientation(
            orientation_id
        )
    except RefusVoisin as refus:
        if refus.status not in (404, 410):
            raise
        return None  # erased since


async def _consultation(
    service: Service,
    tx: Transaction,
    request: Request,
    code: Row[Any],
    orientation: Orientation | None,
) -> Consultation:
    maintenant, jour = service.horloge(), await service.aujourdhui(tx)
    ici = [code.parcours_id]
    parcours = await read_parcours(tx, code.parcours_id)
    referent = await read_referent_courant(tx, code.parcours_id)
    page = _page(request, PageContratsEngagement, "-cree_le", limite=1)
    connus = await contrats.list_contrats(tx, page, statuts=[], parcours=ici, personnes=[])
    dues = await echeances.list_echeances(
        tx,
        _page(request, PageEcheancesParcours, "date_limite"),
        DUES,
        [],
        jour=jour,
        fuseau=(await service.fuseau(tx)).key,
        sante=code.avec_sante,
        date_limite_min=None,
        date_limite_max=None,
        parcours_id=code.parcours_id,
    )
    prescrites = await prescriptions.list_prescriptions(
        tx,
        _page(request, PagePrescriptions, "-cree_le"),
        sante=code.avec_sante,
        parcours=ici,
        freins=[],
        statuts=[],
        maintenant=maintenant,
    )
    episodes = await freins.read_episodes(tx, code.parcours_id, [], sante=code.avec_sante)
    return Consultation.model_validate(
        {
            "parcours_id": code.parcours_id,
            "statut": parcours.statut,
            "date_ouverture": parcours.date_ouverture,
            "agent_referent": referent.agent if referent else None,
            "orientation": orientation and orientation.model_dump(),
            "contrat": dict(connus[0]._mapping) if connus else None,
            "echeances": [
                {
                    "code": due.code,
                    "date_limite": due.date_limite,
                    "etat": etat(due.date_limite, jour, date_accomplie=due.date_accomplie),
                }
                for due in dues[:_PAR_PAGE]
            ],
            "freins": [dict(un._mapping) for un in episodes.values()],
            "prescriptions": [
                {
                    **un._mapping,
                    "titre": un.offre_titre,
                    "statut": prescriptions.render(un, maintenant).statut,
                }
                for un in prescrites[:_PAR_PAGE]
            ],
            "acces": [
                {**un._mapping, "date_acces": un.jour}
                for un in await journaux.read_derniers(tx, code.parcours_id)
            ],
            "expire_le": code.expire_le,
        }
    )


def _page(
    request: Request, modele: type[Page[Any]], tri: str, *, limite: int = _PAR_PAGE
) -> PageDemandee:
    return PageDemandee(
        modele=modele, limite=limite, tri=tri, apres=None, champs=frozenset(), request=request
    )


async def _publier(tx: Transaction, fait: str, row: Row[Any]) -> None:
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    nom = f"parcours.code_consultation.{fait}"
    await publier(tx, Fait(nom, "codes-consultation", row.id, row.version, operation))


def _effet(code: CodeConsultation, contenu: CodeConsultationCree | None = None) -> Effet:
    return Effet(
        contenu or code, location=f"/v1/codes-consultation/{code.id}", version=code.version
    )
