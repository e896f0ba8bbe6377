"""Persons: recorded, read, and found exactly, their identity never in a URL."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.personnes import queries, rules
from services.orientation.rapprochements import queries as rapprochements
from shared.refus import Introuvable, VersionDepassee
from shared.schemas.commun import Operation
from shared.schemas.orientation.personnes import (
    Correspondance,
    Enregistrement,
    EnregistrementCreation,
    PagePersonnesARisque,
    Personne,
    PersonneARisque,
    PersonneCreation,
    PersonneModification,
    PersonneRequete,
    PersonneTrouvee,
    ReconnuePar,
)
from shared.schemas.orientation.rapprochements import MotifRapprochement
from shared.socle.bac_a_sable.rules import verifier_nir
from shared.socle.contrat import CommandeDep, EssaiDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_personne_id
from shared.socle.modification import Fusion, changements, modifier
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("personnes")
_LIRE = {
    "lecture": {
        "operationId": "obtenir_personne",
        "parameters": {"personne_id": "$response.body#/personne/id"},
    }
}


@router.post(
    "/personnes",
    status_code=201,
    response_model=Personne,
    summary="Enregistrer une personne",
    # Tried only, it tells who is known and leaves nothing: a search, with the bound of a search.
    dependencies=[portee("orientation:ecrire"), quota("recherche", essais=True)],
    responses=refusals(rules.PersonneExistante),
)
async def creer_personne(
    demande: PersonneCreation, commande: CommandeDep, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Enregistre une personne hors flux. Portée `orientation:ecrire`.

    Le NIR est chiffré et ne ressort jamais ; une personne déjà connue par son NIR, son numéro
    France Travail ou la clé du client est refusée avec son identifiant. Un homonyme né le même jour
    est une autre personne, et un rapprochement à décider. Une personne à risque d'entrer au RSA
    s'enregistre avec `date_risque_rsa`, et rien ne l'oriente. Un essai compte au quota
    `recherche`. Publie `orientation.personne.enregistree`, et
    `orientation.rapprochement.propose`.
    """

    async def enregistrer() -> Effet:
        jour = await service.aujourdhui(tx)
        rules.verifier_naissance(demande.date_naissance, jour)
        rules.verifier_risque(
            demande.date_risque_rsa,
            demande.source_risque_rsa,
            beneficiaire=demande.beneficiaire_rsa,
            jour=jour,
        )
        row, _ = await _creer(tx, _colonnes(tx, service, demande))
        return Effet(queries.render(row), location=f"/v1/personnes/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.post(
    "/personnes/enregistrements",
    status_code=201,
    response_model=Enregistrement,
    summary="Reconnaître une personne, ou l'enregistrer",
    dependencies=[portee("orientation:ecrire"), quota("recherche")],
    responses={
        200: {
            "model": Enregistrement,
            "description": "Reconnue : rien n'est enregistré de nouveau",
        },
        201: {"links": _LIRE},
        **refusals(rules.PersonneExistante, rules.IdentiteAmbigue, rules.PersonneFusionnee),
    },
)
async def creer_enregistrement(
    demande: EnregistrementCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Reconnaît une personne par une clé et sa naissance, ou l'enregistre : 200 ou 201.

    Dans l'ordre : NIR, numéro France Travail, clé du client, matricule et rôle au foyer. Reconnue
    par l'une d'elles, la personne prend ce qui est envoyé ; si le flux la tient, seulement ce qui
    lui manque. Sans aucun numéro, le nom, les prénoms et la naissance la reconnaissent, et rien
    n'est écrit : ce peut être un homonyme, que `POST /v1/personnes` enregistre à part. Avec un
    numéro inconnu, c'est une personne nouvelle, et son homonyme un rapprochement à décider : rien
    n'est confondu en silence. Un numéro connu sous une autre naissance, ou avec un autre NIR, est
    refusé. Portée `orientation:ecrire` ; sans `orientation:lire`, d'une personne reconnue il n'est
    rendu que l'identifiant. Compte au quota `recherche`. Publie `orientation.personne.enregistree`
    ou `orientation.personne.modifiee`, et `orientation.rapprochement.propose`.
    """

    return await once(tx, commande, lambda: enregistrer_personne(service, tx, demande))


async def enregistrer_personne(
    service: Service, tx: Transaction, demande: EnregistrementCreation
) -> Effet:
    """Recognise a person, or record one: the act of the route, and of a line of an import."""
    jour = await service.aujourdhui(tx)
    rules.verifier_naissance(demande.date_naissance, jour)
    rules.verifier_foyer(demande.organisme_payeur, demande.matricule, demande.role)
    rules.verifier_risque(
        demande.date_risque_rsa,
        demande.source_risque_rsa,
        beneficiaire=demande.beneficiaire_rsa,
        jour=jour,
    )
    values = _colonnes(tx, service, demande)
    candidats = await queries.find_candidats(tx, values, _foyer(demande))
    personne_id, cle = rules.reconnaitre(
        demande.date_naissance,
        candidats,
        numero=bool(demande.nir or demande.numero_france_travail or demande.matricule),
    )
    if personne_id is None:
        row, proposes = await _creer(tx, values)
        status, lue = 201, 0
    else:
        row = await queries.lock_personne(tx, personne_id)
        proposes, status, lue = [], 200, row.version
        if cle is not ReconnuePar.IDENTITE:
            portees = {une for un in candidats for une in un.cles}
            row, proposes = await _completer(
                tx, service, row, rules.valeurs_recues(demande), values, portees
            )
    communes = rules.cles_communes(row.id, demande.date_naissance, candidats)
    proposes += await rapprochements.proposer_paires(
        tx, [(row.id, autre, [MotifRapprochement.CLE_COMMUNE]) for autre in communes]
    )
    # Whoever may not read is told of nobody more than they sent.
    visible = personne_id is None or "orientation:lire" in tx.acces.portees
    answer = Enregistrement(
        personne_id=row.id,
        personne=queries.render(row) if visible else None,
        reconnue_par=cle,
        rapprochements=proposes[:20],
    )
    return Effet(
        answer,
        location=f"/v1/personnes/{row.id}",
        version=row.version,
        status=status,
        change=row.version != lue,
    )


@router.get(
    "/personnes-a-risque",
    response_model=PagePersonnesARisque,
    summary="Lister les personnes à risque d'entrer au RSA",
    dependencies=[portee("orientation:lire")],
)
async def lister_personnes_a_risque(
    page: Annotated[PageDemandee, page_de(PagePersonnesARisque)], tx: TransactionDep
) -> Response:
    """Rend, sans identité, qui est dit à risque et n'a pas le RSA. Portée `orientation:lire`."""
    rows = await queries.list_a_risque(tx, page)
    # Each element is a person, so its own id is hers: no other name tells the volume guard.
    page.request.state.personnes_lues = [row.id for row in page.montrees(rows)]
    return rendre_page(
        page, rows, lambda row: PersonneARisque.model_validate(row, from_attributes=True)
    )


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


@router.patch(
    "/personnes/{personne_id}",
    response_model=Personne,
    summary="Modifier une personne que le flux ne tient pas",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, rules.PersonneFusionnee, rules.PersonneDuFlux),
)
async def modifier_personne(
    personne_id: UUID,
    demande: Fusion[PersonneModification],
    version: SiVersion,
    essai: EssaiDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Change ce qui est envoyé : `null` efface. Portée `orientation:ecrire`.

    Ni la naissance ni le NIR ne changent. D'une personne tenue par le flux, la correction se fait à
    la CAF ou à la MSA. Un nom changé peut proposer un rapprochement. Aucune orientation n'est
    ouverte ni close. Publie `orientation.personne.modifiee` et
    `orientation.rapprochement.propose`.
    """

    async def changer() -> Effet:
        row = await queries.lock_personne(tx, personne_id)
        exige_version(row.version, version)
        if row.dossier_id is not None:
            raise rules.PersonneDuFlux
        courant = queries.render(row)
        valeurs = changements(courant, demande)
        if not valeurs:
            return Effet(courant, version=version, status=200)
        apres = courant.model_copy(update=valeurs)
        rules.verifier_risque(
            apres.date_risque_rsa,
            apres.source_risque_rsa,
            beneficiaire=None,  # a risk that came true stays dated
            jour=await service.aujourdhui(tx),
        )
        row, _ = await _modifier(tx, service, row, valeurs)
        return Effet(queries.render(row), version=row.version, status=200)

    return await modifier(tx, changer, essai=essai)


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

    Par NIR et date de naissance, ou par nom, prénoms et date de naissance ; ce qui trouve une
    personne absorbée par une fusion rend celle qui est gardée. Rien n'est écrit, sauf le compte du
    quota `recherche` : 30 par minute, par client et par collectivité.
    """
    rules.verifier_recherche(demande)
    if service.bac is not None:
        verifier_nir(demande.nir)
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


def _colonnes(
    tx: Transaction, service: Service, demande: PersonneCreation | EnregistrementCreation
) -> dict[str, Any]:
    """The columns of a new person.

    Raises:
        Validation: in the sandbox, her NIR may be somebody's.
    """
    if service.bac is not None:
        verifier_nir(demande.nir)
    kept = demande.model_dump(
        exclude={"nir", "code_commune", "organisme_payeur", "matricule", "role"}
    )
    return kept | {
        "id": new_personne_id(),
        "client_id": tx.acces.client_id,
        "commune": demande.code_commune,
        "dossier_id": None,
        "role": None,
        "beneficiaire_rsa": bool(demande.beneficiaire_rsa),
        "droits_devoirs": bool(demande.droits_devoirs),
        **queries.empreintes(
            service.coffre,
            nom=demande.nom,
            prenoms=demande.prenoms,
            nom_naissance=demande.nom_naissance,
            date_naissance=demande.date_naissance,
            nir=demande.nir,
        ),
    }


def _foyer(demande: EnregistrementCreation) -> dict[str, str] | None:
    if demande.organisme_payeur is None or demande.matricule is None or demande.role is None:
        return None
    return {
        "organisme": demande.organisme_payeur,
        "numero": demande.matricule,
        "le_role": demande.role,
    }


async def _creer(tx: Transaction, values: dict[str, Any]) -> tuple[Row[Any], list[UUID]]:
    row = await queries.store_personne(tx, values)
    await publier(
        tx, Fait("orientation.personne.enregistree", "personnes", row.id, 1, Operation.CREATION)
    )
    return row, await rapprochements.proposer(tx, [values])


async def _completer(
    tx: Transaction,
    service: Service,
    row: Row[Any],
    recues: dict[str, Any],
    values: dict[str, Any],
    portees: set[ReconnuePar],
) -> tuple[Row[Any], list[UUID]]:
    """Write what was received of a person who is known; a key that somebody bears is hers."""
    if row.dossier_id is not None:
        recues = {nom: valeur for nom, valeur in recues.items() if getattr(row, nom) is None}
    if ReconnuePar.NUMERO_FRANCE_TRAVAIL in portees:
        recues.pop("numero_france_travail", None)
    changed = {nom: valeur for nom, valeur in recues.items() if getattr(row, nom) != valeur}
    if ReconnuePar.NIR not in portees and row.nir_empreinte is None and values["nir_empreinte"]:
        changed |= {nom: values[nom] for nom in ("nir_empreinte", "nir_scelle")}
    if not changed:
        return row, []
    return await _modifier(tx, service, row, changed)


async def _modifier(
    tx: Transaction, service: Service, row: Row[Any], valeurs: dict[str, Any]
) -> tuple[Row[Any], list[UUID]]:
    """Write the next version of a person whose row is held; her digests follow her names."""
    if "code_commune" in valeurs:
        valeurs = {**valeurs, "commune": valeurs["code_commune"]}
        del valeurs["code_commune"]
    noms = {nom: valeurs.get(nom, getattr(row, nom)) for nom in ("nom", "prenoms", "nom_naissance")}
    digests = queries.empreintes_identite(service.coffre, **noms, date_naissance=row.date_naissance)
    changed = await queries.update_personne(tx, row, valeurs | digests)
    await publier(
        tx,
        Fait(
            "orientation.personne.modifiee",
            "personnes",
            row.id,
            changed.version,
            Operation.MODIFICATION,
        ),
    )
    identity = {"id": row.id, "date_naissance": row.date_naissance, **noms, **digests}
    return changed, await rapprochements.proposer(tx, [identity])
