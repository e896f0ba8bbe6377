"""Avenants: what changes of a convention, from which day on, and the versions that they make."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from pydantic_core import to_jsonable_python
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.conventions import queries, rules
from services.financement.conventions.routes import ConventionId, en_vigueur, lignes_etat
from services.financement.parites.queries import read_parts
from services.financement.parites.rules import (
    PariteRompue,
    avertissements,
    exige_parite,
    parites,
    regle_de,
)
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Operation
from shared.schemas.financement.conventions import (
    ActeAvenantCreation,
    AvenantCreation,
    AvertissementAvenant,
    CodeAvertissementAvenant,
    ContenuConvention,
    NatureVersion,
    PageVersionsConvention,
    PariteExercice,
    StatutConvention,
    StatutVersion,
    TypeActe,
    TypeActeAvenant,
    VersionConvention,
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

router = routeur("conventions")

_AvenantId = Annotated[UUID, Path()]
_FAITS = {
    TypeActeAvenant.DELIBERATION: "delibere",
    TypeActeAvenant.SIGNATURE: "signe",
    TypeActeAvenant.REFUS: "refuse",
    TypeActeAvenant.RETRAIT: "quitte",
    TypeActeAvenant.APPLICATION: "applique",
    TypeActeAvenant.ABANDON: "abandonne",
}


def _render(row: Row[Any]) -> VersionConvention:
    return VersionConvention.model_validate(
        {
            **row._mapping,
            "champs": [one["champ"] for one in row.differences],
            "retroactif": queries.etat(row).retroactif,
        }
    )


@router.post(
    "/conventions/{convention_id}/avenants",
    status_code=201,
    response_model=VersionConvention,
    summary="Enregistrer un avenant",
    dependencies=[portee("financement:administrer")],
    responses=refusals(
        Introuvable, TransitionInterdite, rules.AvenantOuvert, queries.ConventionExistante
    ),
)
async def creer_avenant(
    convention_id: ConventionId,
    demande: AvenantCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Enregistre un avenant, le contenu qu'il donnerait et ses différences. Un seul à la fois.

    Rien ne change avant son application. `avertissements` dit ce qui n'ira pas : une parité
    rompue par les montants convenus, un effet antérieur à aujourd'hui. Portée
    `financement:administrer`. Publie `financement.avenant.enregistre`.
    """

    async def enregistrer() -> Effet:
        convention = await queries.lock_convention(tx, convention_id)
        statut = StatutConvention(convention.statut)
        if statut not in rules.AMENDABLES:
            raise TransitionInterdite(statut, rules.TRANSITIONS[statut])
        versions = await queries.read_versions(tx, convention_id)
        for one in versions[1:]:
            if one.statut in rules.AVENANTS_OUVERTS:
                raise rules.AvenantOuvert(
                    statut_actuel=one.statut,
                    transitions_possibles=list(
                        rules.TRANSITIONS_AVENANT[StatutVersion(one.statut)]
                    ),
                )
        courante = next(one for one in versions if one.id == convention.version_courante_id)
        instant, jour = service.horloge(), await service.aujourdhui(tx)
        rules.verifier_statut(demande)
        rules.verifier_dates(
            demande.date_deliberation, demande.date_effet, courante.date_effet, jour
        )
        avant = ContenuConvention.model_validate(courante.contenu)
        apres = rules.contenu_apres(avant, demande.changements)
        axes, volets = await queries.read_divisions(tx, convention_id)
        fenetres = await queries.read_fenetres(tx, convention_id)
        rules.verifier_avenant(
            demande.type, demande.changements, apres, rules.Cadre(axes, volets, fenetres)
        )
        exercices = await _exercices(tx, convention, avant, apres)
        regle = regle_de(convention.type, convention.annee_debut)
        signales = avertissements(exercices, regle)
        if demande.date_effet is not None and demande.date_effet < jour:
            signales.append(_RETROACTIF)
        etat = rules.Etat(
            statut=demande.statut,
            signataires=tuple(
                rules.signataires_avenant(
                    apres.parties, queries.signataires(convention.signataires)
                )
            ),
            date_deliberation=demande.date_deliberation,
            reference_deliberation=demande.reference_deliberation,
            date_effet=demande.date_effet,
        )
        avenant_id, contenu = new_id(), apres.model_dump(mode="json")
        version = {
            **lignes_etat(etat),
            "id": avenant_id,
            "convention_id": convention_id,
            "numero": len(versions),
            "nature": NatureVersion.AVENANT,
            "reference": demande.reference,
            "type": demande.type,
            "motif": demande.motif,
            "remplace_id": courante.id,
            "etat_initial": to_jsonable_python(lignes_etat(etat)),
            "contenu": contenu,
            "contenu_sha256": rules.empreinte(contenu),
            "differences": to_jsonable_python(rules.differences(avant, apres)),
            "avertissements": to_jsonable_python(signales),
            "jour_inscription": jour,
            "source": demande.source,
            "cree_le": instant,
            "modifie_le": instant,
        }
        await queries.store_avenant(tx, version)
        await _publier(tx, "enregistre", avenant_id, 1, Operation.CREATION)
        row = await queries.read_version(tx, avenant_id)
        return Effet(_render(row), location=f"/v1/avenants/{avenant_id}", version=1)

    return await once(tx, commande, enregistrer)


_RETROACTIF = AvertissementAvenant(
    code=CodeAvertissementAvenant.EFFET_RETROACTIF,
    exercice=None,
    ecart_centimes=None,
    bloquant=False,
)


async def _exercices(
    tx: Transaction, convention: Row[Any], avant: ContenuConvention, apres: ContenuConvention
) -> list[PariteExercice]:
    """The shares of each year with the amounts agreed; none: no amount is, nothing is to check."""
    anciens = {one.enveloppe_id: one.montant_centimes for one in avant.enveloppes}
    convenus = {
        one.enveloppe_id: one.montant_centimes
        for one in apres.enveloppes
        if one.montant_centimes is not None
        and one.montant_centimes != anciens.get(one.enveloppe_id)
    }
    if not convenus:
        return []
    regle = regle_de(convention.type, convention.annee_debut)
    return parites(await read_parts(tx, convention.id, convenus=convenus), regle)


@router.get(
    "/conventions/{convention_id}/versions",
    response_model=PageVersionsConvention,
    summary="Lire les versions d'une convention",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_versions_convention(
    convention_id: ConventionId,
    page: Annotated[PageDemandee, page_de(PageVersionsConvention)],
    tx: TransactionDep,
) -> Response:
    """Rend l'initiale et les avenants, le dernier d'abord, leur contenu et leurs différences.

    Portée `financement:lire`.
    """
    await queries.read_convention(tx, convention_id)
    rows = await queries.list_versions(tx, page, convention_id)
    return rendre_page(page, rows, _render)


@router.get(
    "/avenants/{avenant_id}",
    response_model=VersionConvention,
    summary="Lire un avenant",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_avenant(avenant_id: _AvenantId, request: Request, tx: TransactionDep) -> Response:
    """Rend un avenant, ce qu'il change et où il en est. Portée `financement:lire`."""
    row = await _lire(tx, avenant_id)
    return rendre_lecture(request, _render(row), row.version)


@router.post(
    "/avenants/{avenant_id}/actes",
    status_code=201,
    response_model=VersionConvention,
    summary="Délibérer, signer, appliquer ou abandonner un avenant",
    dependencies=[portee("financement:administrer")],
    responses=refusals(
        Introuvable,
        TransitionInterdite,
        rules.ConventionIncomplete,
        PariteRompue,
        VersionDepassee,
    ),
)
async def creer_acte_avenant(
    avenant_id: _AvenantId,
    demande: ActeAvenantCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Ajoute un acte d'aujourd'hui ou d'avant, et rend l'avenant qu'il fait.

    Appliqué, dès sa date d'effet et une fois signé, il remplace la version en vigueur : ce qu'il
    change de la convention change, et la fenêtre des enveloppes qu'il nomme. Leurs montants ne
    bougent que par leurs propres actes, et aucune pièce déjà arrêtée n'est récrite. Portée
    `financement:administrer`. Publie `financement.avenant.delibere`, `signe`, `refuse`, `quitte`,
    `applique` ou `abandonne`.
    """

    async def agir() -> Effet:
        # The convention first, by all: whoever acts on it or on its avenants queues there.
        row = await _lire(tx, avenant_id)
        convention = await queries.lock_convention(tx, row.convention_id)
        row = await queries.read_version(tx, avenant_id, verrou=True)
        exige_version(row.version, version)
        instant, jour = service.horloge(), await service.aujourdhui(tx)
        acte = rules.Acte(**{**demande.model_dump(), "type": TypeActe(demande.type)})
        apres = rules.apres_acte_avenant(queries.etat(row), acte, jour)
        valeurs = {**lignes_etat(apres), "modifie_le": instant}
        if demande.type is TypeActeAvenant.APPLICATION:
            valeurs |= await _appliquer(tx, convention, row, apres)
            valeurs["jour_inscription"] = jour
        await queries.store_acte(
            tx,
            {
                **vars(acte),
                "id": new_id(),
                "convention_id": convention.id,
                "version_id": avenant_id,
                "jour_inscription": jour,
                "cree_le": instant,
            },
        )
        await queries.update_version_convention(tx, avenant_id, version, valeurs)
        await _publier(tx, _FAITS[demande.type], avenant_id, version + 1, Operation.MODIFICATION)
        row = await queries.read_version(tx, avenant_id)
        return Effet(_render(row), location=f"/v1/avenants/{avenant_id}", version=row.version)

    return await once(tx, commande, agir)


async def _appliquer(
    tx: Transaction, convention: Row[Any], row: Row[Any], apres: rules.Etat
) -> dict[str, Any]:
    """Put an avenant in the place of the version in force; return what it keeps of that.

    Raises:
        Validation: its day of effect is not after that of the version in force (I-30).
        TransitionInterdite: the convention ended meanwhile.
        PariteRompue: the amounts that it agrees break the parity that binds the type.
    """
    statut = StatutConvention(convention.statut)
    if statut not in rules.AMENDABLES:
        raise TransitionInterdite(statut, rules.TRANSITIONS[statut])
    courante = await queries.read_version(tx, convention.version_courante_id, verrou=True)
    rules.verifier_dates(None, apres.date_effet, courante.date_effet, None)
    avant, contenu = (ContenuConvention.model_validate(one.contenu) for one in (courante, row))
    regle = regle_de(convention.type, convention.annee_debut)
    exercices = await _exercices(tx, convention, avant, contenu)
    exige_parite(exercices, regle, row.statut, rules.TRANSITIONS_AVENANT[StatutVersion.SIGNE])
    assert apres.date_effet is not None
    await queries.update_version_convention(
        tx,
        courante.id,
        courante.version,
        {
            "statut": StatutVersion.REMPLACE,
            "date_fin_effet": apres.date_effet - timedelta(days=1),
        },
    )
    signataires = rules.parties_apres(
        queries.signataires(convention.signataires), apres.signataires
    )
    await queries.update_convention(
        tx,
        convention.id,
        convention.version,
        {
            **en_vigueur(row.contenu),
            "signataires": to_jsonable_python(signataires),
            "version_courante_id": row.id,
        },
    )
    await publier(
        tx,
        Fait(
            "financement.convention.modifiee",
            "conventions",
            convention.id,
            convention.version + 1,
            Operation.MODIFICATION,
        ),
    )
    await _deplacer_fenetres(tx, avant, contenu)
    signales = avertissements(exercices, regle)
    if apres.retroactif:
        signales.append(_RETROACTIF)
    return {"avertissements": to_jsonable_python(signales)}


async def _deplacer_fenetres(
    tx: Transaction, avant: ContenuConvention, apres: ContenuConvention
) -> None:
    """Move the execution windows that the avenant changes, in the order of the envelopes' ids."""
    for termes in sorted(apres.enveloppes, key=lambda one: one.enveloppe_id):
        if termes in avant.enveloppes or (termes.fenetre_debut or termes.fenetre_fin) is None:
            continue
        version = await queries.store_fenetre(tx, termes)
        await publier(
            tx,
            Fait(
                "financement.enveloppe.modifiee",
                "enveloppes",
                termes.enveloppe_id,
                version,
                Operation.MODIFICATION,
            ),
        )


async def _lire(tx: Transaction, avenant_id: UUID) -> Row[Any]:
    row = await queries.read_version(tx, avenant_id)
    if row.nature != NatureVersion.AVENANT:
        raise Introuvable
    return row


async def _publier(
    tx: Transaction, fait: str, avenant_id: UUID, version: int, operation: Operation
) -> None:
    await publier(
        tx, Fait(f"financement.avenant.{fait}", "avenants", avenant_id, version, operation)
    )
