"""What rdv-insertion tells: taken as it comes, read, and linked to a person by hand if need be."""

import hashlib
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.invitations import queries as invitations
from services.orientation.personnes.queries import lock_personne
from services.orientation.personnes.rules import PersonneFusionnee
from services.orientation.rdv_insertion import queries, rules
from services.orientation.rdv_insertion.rules import Evenement, Inintelligible, Usager
from services.orientation.settings import acces_rdv_insertion
from shared.clients.rdv_insertion.acces import AccesRdvInsertion
from shared.refus import Introuvable, Refus, VersionDepassee
from shared.schemas.commun import Identifiant
from shared.schemas.orientation.rdv_insertion import (
    BilanReceptions,
    ModeRattachement,
    PageRendezVousPartenaires,
    RattachementUsagerCreation,
    RendezVousPartenaire,
    StatutReception,
    StatutRendezVousPartenaire,
)
from shared.socle.contrat import (
    CORPS_MAX,
    CommandeDep,
    CorpsTropGrand,
    SiVersion,
    parse,
    portee,
    recevoir,
    routeur,
    verifier_maintenance,
)
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("rdv-insertion")

_RendezVousId = Annotated[
    UUID,
    Path(
        description="Une personne à un rendez-vous de rdv-insertion",
        examples=["019cb7e4-90b0-7c1d-8a52-f36e09d4b781"],
    ),
]


async def recevoir_rdv_insertion(code: str, request: Request, service: ServiceDep) -> Response:
    """Take a webhook of rdv-insertion: signed, it is kept whatever it says, and 204."""
    verifier_maintenance(service)
    acces = acces_rdv_insertion(service.reglages).get(code)
    corps = bytearray()
    async for morceau in recevoir(request):
        corps += morceau
        if len(corps) > CORPS_MAX:
            raise CorpsTropGrand(corps_max_octets=CORPS_MAX)
    # A collectivité that has no exchange answers as one whose secret is another.
    secrets = [un.get_secret_value() for un in acces.secrets] if acces else []
    signe = rules.corps_signe(bytes(corps), request.headers.get("x-rdvi-signature"), secrets)
    assert acces is not None
    try:
        evenement = rules.lire(parse(signe), service.horloge_reelle())
    except (Inintelligible, Refus):
        evenement = None
    async with service.base.transaction(service.acces_interne(code)) as tx:
        await garder(service, tx, acces, bytes(corps), evenement)
    return Response(status_code=204)


async def garder(
    service: Service,
    tx: Transaction,
    acces: AccesRdvInsertion,
    corps: bytes,
    evenement: Evenement | None,
) -> None:
    """Keep a body and apply what it says, if it comes for the first time and nothing came after."""
    statut = StatutReception.ININTELLIGIBLE
    if evenement is not None:
        dernier_le = await queries.hold_objet(tx, evenement.modele, evenement.objet)
        if evenement.modele not in (rules.RDV, rules.USAGER, rules.INVITATION):
            statut = StatutReception.IGNOREE
        elif rules.depasse(evenement.emis_le, dernier_le, service.horloge_reelle()):
            statut = StatutReception.DEPASSEE
        else:
            statut = StatutReception.APPLIQUEE
    nouvelle = await queries.store_reception(
        tx,
        {
            "empreinte": hashlib.sha256(corps).digest(),
            "modele": evenement and evenement.modele,
            "objet": evenement and evenement.objet,
            "evenement": evenement and evenement.evenement,
            "emis_le": evenement and evenement.emis_le,
            "statut": statut.value,
            "corps": service.coffre.sceller(corps, queries.CORPS),
        },
    )
    if nouvelle and evenement is not None and statut is StatutReception.APPLIQUEE:
        await _appliquer(service, tx, acces, evenement)


async def _appliquer(
    service: Service, tx: Transaction, acces: AccesRdvInsertion, evenement: Evenement
) -> None:
    usagers = [evenement.usager] if evenement.usager else []
    if evenement.rendez_vous is not None:
        usagers = [une.usager for une in evenement.rendez_vous.participations]
    # Who tells of the same persons waits: a link that is made now is seen by the rendez-vous.
    for reference in sorted({un.reference for un in usagers}):
        await queries.hold_objet(tx, rules.USAGER, reference)
    connus = {un.reference: await _reconnaitre(service, tx, acces, un) for un in usagers}
    if evenement.rendez_vous is not None:
        await queries.store_rendez_vous(tx, evenement.objet, evenement.rendez_vous, connus)
    elif evenement.modele == rules.RDV:
        await queries.remove_rendez_vous(tx, evenement.objet)
    elif evenement.modele == rules.INVITATION and evenement.cree and evenement.usager:
        await invitations.confirmer(
            tx,
            evenement.usager.reference,
            evenement.emis_le,
            categorie=evenement.categorie,
            format_=evenement.format,
        )
    elif evenement.modele == rules.USAGER and evenement.detruit:
        await queries.remove_a_venir(tx, evenement.objet, service.horloge())


async def _reconnaitre(
    service: Service, tx: Transaction, acces: AccesRdvInsertion, usager: Usager
) -> bool:
    """Tell whether somebody of theirs is known here, and link them when a key says who."""
    if await queries.is_known(tx, usager.reference):
        return True
    candidats = await queries.find_candidats(tx, service.coffre, usager, acces.client_references)
    trouvee = rules.reconnaitre(usager, candidats)
    if trouvee is None:
        return False
    await queries.link_usager(tx, usager.reference, *trouvee)
    return True


@router.get(
    "/participations-rdv-insertion",
    response_model=PageRendezVousPartenaires,
    summary="Lister les rendez-vous de rdv-insertion",
    dependencies=[portee("orientation:lire")],
)
async def lister_rendez_vous_rdv_insertion(
    page: Annotated[PageDemandee, page_de(PageRendezVousPartenaires)],
    tx: TransactionDep,
    personne_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Personnes concernées",
            examples=[["39263059-f28c-405d-9fb1-7c2390c192cf"]],
        ),
    ],
    statut: Annotated[
        list[StatutRendezVousPartenaire],
        Query(
            default_factory=list, max_length=7, description="États voulus", examples=[["absent"]]
        ),
    ],
    rattache: Annotated[
        str | None,
        Query(
            pattern="^(true|false)$",
            max_length=5,
            description="`false` : de personnes qui ne sont pas reconnues, à rattacher",
            examples=["false"],
        ),
    ] = None,
) -> Response:
    """Rend qui est à quel rendez-vous de rdv-insertion, et ce qui en est dit, les derniers d'abord.

    Ce sont leurs faits, tels que leur dernier envoi les dit : une présence n'y vaut pas constat à
    une séance d'accueil d'ici. Portée `orientation:lire`.
    """
    rows = await queries.list_rendez_vous(
        tx,
        page,
        personnes=personne_id,
        statuts=statut,
        rattache=None if rattache is None else rattache == "true",
    )
    return rendre_page(page, rows, _rendez_vous)


@router.get(
    "/participations-rdv-insertion/bilan",
    response_model=BilanReceptions,
    summary="Compter ce qui vient de rdv-insertion et demande un regard",
    dependencies=[portee("orientation:lire")],
)
async def obtenir_bilan_rdv_insertion(tx: TransactionDep) -> Response:
    """Compte les rendez-vous à rattacher et les corps illisibles. Portée `orientation:lire`."""
    row = await queries.read_bilan(tx)
    return rendre(Effet(BilanReceptions.model_validate(row._mapping), status=200))


@router.get(
    "/participations-rdv-insertion/{rendez_vous_partenaire_id}",
    response_model=RendezVousPartenaire,
    summary="Lire un rendez-vous de rdv-insertion",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_rendez_vous_rdv_insertion(
    rendez_vous_partenaire_id: _RendezVousId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une personne à un rendez-vous, tel que leur dernier envoi le dit.

    Son orientation est lue à l'instant, sans que `version` change. Portée `orientation:lire`.
    """
    row = await queries.read_rendez_vous(tx, rendez_vous_partenaire_id)
    return rendre_lecture(request, _rendez_vous(row), row.version)


@router.post(
    "/participations-rdv-insertion/{rendez_vous_partenaire_id}/rattachements",
    status_code=201,
    response_model=RendezVousPartenaire,
    summary="Dire qui est à un rendez-vous de rdv-insertion",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, PersonneFusionnee),
)
async def creer_rattachement_rdv_insertion(
    rendez_vous_partenaire_id: _RendezVousId,
    demande: RattachementUsagerCreation,
    version: SiVersion,
    commande: CommandeDep,
    tx: TransactionDep,
) -> Response:
    """Rattache cette personne de rdv-insertion à une d'ici : tous ses rendez-vous la suivent.

    Remplace ce qui l'avait reconnue, et aucun envoi ne le défait. Portée `orientation:ecrire`.
    Publie `orientation.rendez_vous_rdv_insertion.rattache` pour chacun.
    """

    async def rattacher() -> Effet:
        lue = await queries.read_rendez_vous(tx, rendez_vous_partenaire_id)
        # The person before what tells of them, as their own bodies do.
        await queries.hold_objet(tx, rules.USAGER, lue.usager)
        row = await queries.read_rendez_vous(tx, rendez_vous_partenaire_id, tenir=True)
        exige_version(row.version, version)
        await lock_personne(tx, demande.personne_id, partage=True)
        await queries.link_usager(tx, row.usager, demande.personne_id, ModeRattachement.MANUEL)
        found = await queries.read_rendez_vous(tx, rendez_vous_partenaire_id)
        location = f"/v1/participations-rdv-insertion/{row.id}"
        return Effet(_rendez_vous(found), location=location, version=found.version)

    return await once(tx, commande, rattacher)


def _rendez_vous(row: Row[Any]) -> RendezVousPartenaire:
    return RendezVousPartenaire(
        id=row.id,
        version=row.version,
        cree_le=row.cree_le,
        modifie_le=row.modifie_le,
        reference_rendez_vous=row.rendez_vous,
        reference_usager=row.usager,
        etape=rules.etape(row.categorie),
        categorie=row.categorie,
        statut=StatutRendezVousPartenaire(row.statut),
        debut_le=row.debut_le,
        duree_minutes=row.duree_minutes,
        personne_id=row.personne_id,
        rattachement=row.rattachement and ModeRattachement(row.rattachement),
        orientation_id=row.orientation_id,
    )
