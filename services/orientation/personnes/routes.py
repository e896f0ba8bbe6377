"""Persons: recorded, read, and found exactly, their identity never in a URL."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.orientation.personnes import queries, rules
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.orientation import (
    Correspondance,
    Personne,
    PersonneCreation,
    PersonneRequete,
    PersonneTrouvee,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_personne_id
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("personnes")


@router.post(
    "/personnes",
    status_code=201,
    response_model=Personne,
    summary="Enregistrer une personne",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(queries.PersonneExistante),
)
async def creer_personne(
    demande: PersonneCreation, commande: CommandeDep, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Enregistre une personne hors flux. Portée `orientation:ecrire`.

    Le NIR est chiffré et ne ressort jamais ; une personne déjà connue par son NIR est refusée
    avec son identifiant. Publie `orientation.personne.enregistree`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_naissance(demande.date_naissance, await service.aujourdhui(tx))
        values = demande.model_dump(exclude={"nir", "code_commune"}) | {
            "id": new_personne_id(),
            "client_id": tx.acces.client_id,
            "commune": demande.code_commune,
            "dossier_id": None,
            "role": None,
            **queries.empreintes(
                service.coffre,
                nom=demande.nom,
                prenoms=demande.prenoms,
                date_naissance=demande.date_naissance,
                nir=demande.nir,
            ),
        }
        row = await queries.store_personne(tx, values)
        await publier(
            tx,
            Fait("orientation.personne.enregistree", "personnes", row.id, 1, Operation.CREATION),
        )
        return Effet(queries.render(row), location=f"/v1/personnes/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/personnes/{personne_id}",
    response_model=Personne,
    summary="Lire une personne",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_personne(personne_id: UUID, request: Request, tx: TransactionDep) -> Response:
    """Rend une personne de la collectivité du jeton, sans son NIR. Portée `orientation:lire`."""
    row = await queries.read_personne(tx, personne_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.post(
    "/personnes/recherches",
    response_model=PersonneTrouvee,
    summary="Rechercher une personne exactement",
    dependencies=[portee("orientation:lire"), quota("recherche")],
)
async def rechercher_personne(
    demande: PersonneRequete, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Cherche une identité exacte et rend au plus un identifiant opaque. Portée `orientation:lire`.

    Par NIR et date de naissance, ou par nom, prénoms et date de naissance. Rien n'est écrit, sauf
    le compte du quota `recherche` : 30 par minute, par client et par collectivité.
    """
    rules.verifier_recherche(demande)
    if demande.nir is not None:
        known = await queries.find_by_nir(tx, service.coffre.empreinte(demande.nir))
        # Both must agree: a NIR tried alone would tell who is known here.
        agrees = known is not None and known.date_naissance == demande.date_naissance
        found = [known.id] if known is not None and agrees else []
    else:
        identite = rules.identite_canonique(
            demande.nom or "", demande.prenoms or "", demande.date_naissance
        )
        found = list(await queries.find_by_identite(tx, service.coffre.empreinte(identite)))
    match found:
        case []:
            answer = PersonneTrouvee(correspondance=Correspondance.AUCUNE, personne_id=None)
        case [one]:
            answer = PersonneTrouvee(correspondance=Correspondance.EXACTE, personne_id=one)
        case _:
            answer = PersonneTrouvee(correspondance=Correspondance.MULTIPLE, personne_id=None)
    return rendre(Effet(answer, status=200))
