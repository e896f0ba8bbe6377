"""Conventions: what is agreed, between whom, in which axes and volets; their acts and documents."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from pydantic_core import to_jsonable_python
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.conventions import queries, rules
from services.financement.journal.regards import Au, ConnuAu
from services.financement.parites.queries import read_parts
from services.financement.parites.rules import PariteRompue, exige_parite, parites, regle_de
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation, VersionDepassee
from shared.schemas.commun import Auteur, Operation
from shared.schemas.financement.conventions import (
    ActeConvention,
    ActeConventionCreation,
    Convention,
    ConventionCreation,
    DocumentConvention,
    DocumentConventionCreation,
    NatureVersion,
    PageActesConvention,
    PageConventions,
    PageDocumentsConvention,
    StatutConvention,
    TypeActe,
    TypeActeConvention,
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

router = routeur("conventions")

ConventionId = Annotated[
    UUID,
    Path(description="Une convention", examples=["019cad9d-67a0-726b-b2a7-4de452e6b438"]),
]
_DocumentId = Annotated[UUID, Path()]

_FAITS = {
    TypeActeConvention.DELIBERATION: "deliberee",
    TypeActeConvention.SIGNATURE: "signee",
    TypeActeConvention.REFUS: "refusee",
    TypeActeConvention.RETRAIT: "quittee",
    TypeActeConvention.ENTREE_EN_VIGUEUR: "entree_en_vigueur",
    TypeActeConvention.FIN: "terminee",
    TypeActeConvention.RESILIATION: "resiliee",
    TypeActeConvention.SOLDE: "soldee",
    TypeActeConvention.ABANDON: "abandonnee",
}


def _render(row: Row[Any]) -> Convention:
    return Convention.model_validate(
        {
            **row._mapping,
            **row.contenu,
            "numero_version": row.numero,
            "retroactif": queries.etat(row).retroactif,
        }
    )


def _render_vue(row: Row[Any], vue: rules.Vue) -> Convention:
    return Convention.model_validate(
        {
            **row._mapping,
            **vue.contenu.model_dump(),
            **vars(vue.etat),
            "signataires": list(vue.etat.signataires),
            "numero_version": vue.numero,
            "retroactif": vue.etat.retroactif,
        }
    )


def _render_acte(row: Row[Any]) -> ActeConvention:
    return ActeConvention.model_validate(
        {**row._mapping, "auteur": Auteur(client_id=row.client_id)}
    )


def _render_document(row: Row[Any]) -> DocumentConvention:
    return DocumentConvention.model_validate(
        {**row._mapping, "auteur": Auteur(client_id=row.client_id)}
    )


def lignes_etat(etat: rules.Etat) -> dict[str, Any]:
    """What a row keeps of where a convention or an avenant stands."""
    return {
        "statut": etat.statut,
        "signataires": [one.model_dump(mode="json") for one in etat.signataires],
        "date_deliberation": etat.date_deliberation,
        "reference_deliberation": etat.reference_deliberation,
        "date_signature": etat.date_signature,
        "date_effet": etat.date_effet,
    }


async def _publier(
    tx: Transaction, fait: str, convention_id: UUID, version: int, operation: Operation
) -> None:
    await publier(
        tx, Fait(f"financement.convention.{fait}", "conventions", convention_id, version, operation)
    )


@router.post(
    "/conventions",
    status_code=201,
    response_model=Convention,
    summary="Enregistrer une convention",
    dependencies=[portee("financement:administrer")],
    responses=refusals(queries.ConventionExistante),
)
async def creer_convention(
    demande: ConventionCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Enregistre une convention, un pacte ou un programme, et sa version initiale.

    Une convention déjà en cours entre dans l'état que sa source établit ; ensuite `statut` ne
    bouge que par des actes, et son contenu que par des avenants. Portée `financement:administrer`.
    Publie `financement.convention.enregistree`.
    """

    return await once(tx, commande, lambda: enregistrer_convention(service, tx, demande))


async def enregistrer_convention(
    service: Service, tx: Transaction, demande: ConventionCreation
) -> Effet:
    """Record a convention and its first version."""
    rules.verifier_convention(demande)
    if demande.convention_mere_id is not None:
        await _exige_mere(tx, demande.convention_mere_id)
    instant, jour = service.horloge(), await service.aujourdhui(tx)
    convention_id, version_id = new_id(), new_id()
    contenu = rules.contenu_initial(demande).model_dump(mode="json")
    etat = rules.Etat(
        statut=demande.statut,
        signataires=tuple(rules.signataire_initial(one) for one in demande.signataires),
        date_deliberation=demande.date_deliberation,
        reference_deliberation=demande.reference_deliberation,
        date_signature=demande.date_signature,
        date_effet=demande.date_effet,
    )
    communs = {**lignes_etat(etat), "cree_le": instant, "modifie_le": instant}
    convention = {
        **communs,
        **en_vigueur(contenu),
        "id": convention_id,
        "reference": demande.reference,
        "type": demande.type,
        "convention_mere_id": demande.convention_mere_id,
        "version_courante_id": version_id,
        "source": demande.source,
    }
    version = {
        **communs,
        "id": version_id,
        "convention_id": convention_id,
        "numero": 0,
        "nature": NatureVersion.INITIALE,
        "reference": demande.reference,
        "statut": rules.statut_initiale(demande.statut),
        "etat_initial": to_jsonable_python(lignes_etat(etat)),
        "contenu": contenu,
        "contenu_sha256": rules.empreinte(contenu),
        "differences": [],
        "avertissements": [],
        "jour_inscription": jour,
        "source": demande.source,
    }
    await queries.store_convention(tx, convention, version)
    await _publier(tx, "enregistree", convention_id, 1, Operation.CREATION)
    row = await queries.read_convention(tx, convention_id)
    return Effet(_render(row), location=f"/v1/conventions/{convention_id}", version=1)


def en_vigueur(contenu: Mapping[str, Any]) -> dict[str, Any]:
    """What the row of a convention keeps of the content in force, for those who read the row."""
    return {
        champ: contenu[champ]
        for champ in ("intitule", "annee_debut", "annee_fin", "nombre_actions", "axes", "volets")
    }


async def _exige_mere(tx: Transaction, convention_id: UUID) -> None:
    try:
        await queries.read_convention(tx, convention_id)
    except Introuvable:
        raise Validation(
            [Erreur("/convention_mere_id", "code-referentiel-inconnu", "Convention inconnue")]
        ) from None


@router.get(
    "/conventions",
    response_model=PageConventions,
    summary="Lister les conventions",
    dependencies=[portee("financement:lire")],
)
async def lister_conventions(
    page: Annotated[PageDemandee, page_de(PageConventions)], tx: TransactionDep
) -> Response:
    """Rend les conventions, les plus récentes d'abord. Portée `financement:lire`."""
    return rendre_page(page, await queries.list_conventions(tx, page), _render)


@router.get(
    "/conventions/{convention_id}",
    response_model=Convention,
    summary="Lire une convention",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_convention(
    convention_id: ConventionId,
    request: Request,
    tx: TransactionDep,
    au: Au = None,
    connu_au: ConnuAu = None,
) -> Response:
    """Rend une convention, ses axes, ses volets et ses parties. Portée `financement:lire`.

    Avec `au`, telle qu'elle était ce jour-là ; avec `connu_au`, telle qu'on la connaissait au soir
    de ce jour, et introuvable si elle n'était pas enregistrée. `version` reste celle d'aujourd'hui.
    """
    row = await queries.read_convention(tx, convention_id)
    if au is None and connu_au is None:
        return rendre_lecture(request, _render(row), row.version)
    rows = await queries.read_versions(tx, convention_id)
    vue = rules.vue_au(
        [queries.version(one) for one in rows],
        queries.etat_initial(rows[0]),
        await queries.read_actes(tx, convention_id),
        au,
        connu_au,
    )
    if vue is None:
        raise Introuvable
    return rendre(Effet(_render_vue(row, vue), version=row.version, status=200))


@router.post(
    "/conventions/{convention_id}/actes",
    status_code=201,
    response_model=Convention,
    summary="Délibérer, signer, mettre en vigueur ou clore une convention",
    dependencies=[portee("financement:administrer")],
    responses=refusals(
        Introuvable,
        TransitionInterdite,
        rules.ConventionIncomplete,
        PariteRompue,
        VersionDepassee,
    ),
)
async def creer_acte_convention(
    convention_id: ConventionId,
    demande: ActeConventionCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Ajoute un acte d'aujourd'hui ou d'avant, et rend la convention qu'il fait.

    Elle est signée quand les parties requises le sont ; les autres restent invitées et peuvent
    signer plus tard. Elle n'entre en vigueur ni sans elles, ni quand la parité qui lie son type est
    rompue. Portée `financement:administrer`. Publie `financement.convention.deliberee`, `signee`,
    `refusee`, `quittee`, `entree_en_vigueur`, `terminee`, `resiliee`, `soldee` ou `abandonnee`.
    """

    async def agir() -> Effet:
        row = await queries.lock_convention(tx, convention_id)
        exige_version(row.version, version)
        instant, jour = service.horloge(), await service.aujourdhui(tx)
        acte = rules.Acte(**{**demande.model_dump(), "type": TypeActe(demande.type)})
        apres = rules.apres_acte(queries.etat(row), acte, jour)
        if demande.type is TypeActeConvention.ENTREE_EN_VIGUEUR:
            regle = regle_de(row.type, row.annee_debut)
            exercices = parites(await read_parts(tx, convention_id), regle)
            exige_parite(
                exercices, regle, row.statut, rules.TRANSITIONS[StatutConvention(row.statut)]
            )
        initiale = await queries.read_initiale(tx, convention_id)
        await queries.store_acte(
            tx,
            {
                **vars(acte),
                "id": new_id(),
                "convention_id": convention_id,
                "version_id": initiale,
                "jour_inscription": jour,
                "cree_le": instant,
            },
        )
        kept = {**lignes_etat(apres), "modifie_le": instant}
        await queries.update_convention(
            tx, convention_id, version, {**kept, "date_cloture": apres.date_cloture}
        )
        statut = rules.statut_initiale(StatutConvention(apres.statut))
        await queries.update_initiale(tx, convention_id, {**kept, "statut": statut})
        await _publier(tx, _FAITS[demande.type], convention_id, version + 1, Operation.MODIFICATION)
        row = await queries.read_convention(tx, convention_id)
        return Effet(_render(row), location=f"/v1/conventions/{convention_id}", version=row.version)

    return await once(tx, commande, agir)


@router.get(
    "/conventions/{convention_id}/actes",
    response_model=PageActesConvention,
    summary="Lire les actes d'une convention",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_actes_convention(
    convention_id: ConventionId,
    page: Annotated[PageDemandee, page_de(PageActesConvention)],
    tx: TransactionDep,
) -> Response:
    """Rend ce qui est arrivé à une convention, à ses avenants et à ses actions.

    Le dernier acte d'abord. Portée `financement:lire`.
    """
    await queries.read_convention(tx, convention_id)
    rows = await queries.list_actes(tx, page, convention_id)
    return rendre_page(page, rows, _render_acte)


@router.post(
    "/conventions/{convention_id}/documents",
    status_code=201,
    response_model=DocumentConvention,
    summary="Enregistrer un document d'une convention",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable),
)
async def creer_document_convention(
    convention_id: ConventionId,
    demande: DocumentConventionCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Enregistre un document : diagnostic partagé, délibération, convention signée…

    Le fichier reste chez l'appelant ; son empreinte le reconnaît. Portée `financement:administrer`.
    Publie `financement.document.enregistre`.
    """

    async def enregistrer() -> Effet:
        await queries.read_convention(tx, convention_id)
        if (demande.date_document or await service.aujourdhui(tx)) > await service.aujourdhui(tx):
            raise Validation([Erreur("/date_document", "date-incoherente", "Elle est a venir")])
        document_id = new_id()
        row = await queries.store_document(
            tx,
            {
                **demande.model_dump(),
                "id": document_id,
                "convention_id": convention_id,
                "cree_le": service.horloge(),
            },
        )
        await publier(
            tx,
            Fait(
                "financement.document.enregistre",
                "documents",
                document_id,
                1,
                Operation.CREATION,
            ),
        )
        return Effet(_render_document(row), location=f"/v1/documents/{document_id}")

    return await once(tx, commande, enregistrer)


@router.get(
    "/conventions/{convention_id}/documents",
    response_model=PageDocumentsConvention,
    summary="Lire les documents d'une convention",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_documents_convention(
    convention_id: ConventionId,
    page: Annotated[PageDemandee, page_de(PageDocumentsConvention)],
    tx: TransactionDep,
) -> Response:
    """Rend les documents d'une convention, le dernier enregistré d'abord.

    Portée `financement:lire`.
    """
    await queries.read_convention(tx, convention_id)
    rows = await queries.list_documents(tx, page, convention_id)
    return rendre_page(page, rows, _render_document)


@router.get(
    "/documents/{document_id}",
    response_model=DocumentConvention,
    summary="Lire un document d'une convention",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_document(
    document_id: _DocumentId, request: Request, tx: TransactionDep
) -> Response:
    """Rend ce qui est dit d'un document, jamais son contenu. Portée `financement:lire`."""
    row = await queries.read_document(tx, document_id)
    return rendre_lecture(request, _render_document(row), 1)
