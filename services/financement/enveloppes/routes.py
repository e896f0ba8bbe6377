"""Envelopes: the money of one funder for one year, and the act that opens it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.conventions.queries import read_convention
from services.financement.enveloppes import queries, rules
from services.financement.enveloppes.actes import clore_enveloppe, ecrire, publier_enveloppe, tenir
from services.financement.journal.queries import (
    Regard,
    inscrire,
    lock_disponibles,
    open_comptes,
    read_preuve,
)
from services.financement.journal.regards import Au, ConnuAu, regard_de
from services.financement.journal.rules import POSTES, Ecriture, lignes_ouverture, transfert
from services.financement.references import exige
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation, VersionDepassee
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.enveloppes import (
    AvenantEnveloppeCommande,
    ClotureEnveloppeCommande,
    Enveloppe,
    EnveloppeCreation,
    OuvertureCommande,
    PageEnveloppes,
    SoldeEnveloppeCommande,
    StatutEnveloppe,
    VirementCommande,
)
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste, Preuve
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("enveloppes")

EnveloppeId = Annotated[
    UUID,
    Path(description="Une enveloppe", examples=["019b789f-d7a0-711d-ab0d-549b6f03675a"]),
]

_LECTURE: dict[int | str, dict[str, Any]] = {
    201: {
        "links": {
            "lecture": {
                "operationId": "obtenir_enveloppe",
                "parameters": {"enveloppe_id": "$response.body#/id"},
            }
        }
    }
}

# Read from a query, where all is text: `Annee` is strict.
_Exercice = Annotated[int, Field(ge=1900, le=2200)]


def _render(row: Row[Any]) -> Enveloppe:
    """The balances of the book eng, less what is due back and not yet swept (I-41)."""
    soldes: dict[str, int] = {
        **{poste: row.soldes[poste] for poste in POSTES[Livre.ENG]},
        "disponible": row.soldes["disponible"] + row.echu,
        "reserve": row.soldes["reserve"] - row.echu,
    }
    return Enveloppe.model_validate(
        {
            **row._mapping,
            **{f"{poste}_centimes": solde for poste, solde in soldes.items()},
            "disponibilite_legale_centimes": rules.disponibilite_legale(soldes),
        }
    )


@router.post(
    "/enveloppes",
    status_code=201,
    response_model=Enveloppe,
    summary="Enregistrer une enveloppe",
    dependencies=[portee("financement:administrer")],
    responses=refusals(queries.EnveloppeExistante),
)
async def creer_enveloppe(
    demande: EnveloppeCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Enregistre une enveloppe, sans argent : un montant annoncé n'est jamais disponible.

    Elle s'ouvre par `…/ouvertures`, d'un montant exact. Portée `financement:administrer`.
    Publie `financement.enveloppe.enregistree`.
    """

    return await once(tx, commande, lambda: enregistrer_enveloppe(service, tx, demande))


async def enregistrer_enveloppe(
    service: Service, tx: Transaction, demande: EnveloppeCreation
) -> Effet:
    """Record an envelope, without money."""
    rules.verifier_enveloppe(demande)
    await _exige_cadre(tx, demande)
    instant, enveloppe_id = service.horloge(), new_id()
    values = {
        **demande.model_dump(),
        "id": enveloppe_id,
        "statut": rules.statut_initial(demande),
        "cree_le": instant,
        "modifie_le": instant,
    }
    await queries.store_enveloppe(tx, values)
    await open_comptes(tx, Livre.ENG, enveloppe_id)
    await publier_enveloppe(tx, "enregistree", enveloppe_id, 1, Operation.CREATION)
    row = await queries.read_enveloppe(tx, enveloppe_id, instant)
    return Effet(_render(row), location=f"/v1/enveloppes/{enveloppe_id}", version=1)


@router.post(
    "/enveloppes/{enveloppe_id}/ouvertures",
    status_code=201,
    response_model=Enveloppe,
    summary="Ouvrir une enveloppe d'un montant exact",
    dependencies=[portee("financement:administrer")],
    responses={
        **refusals(Introuvable, TransitionInterdite),
        **_LECTURE,
    },
)
async def creer_ouverture(
    enveloppe_id: EnveloppeId,
    demande: OuvertureCommande,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Rend disponible un montant notifié au centime, et l'inscrit au journal à sa date d'effet.

    Un montant annoncé, approché ou arrondi est refusé ; une enveloppe ne s'ouvre qu'une fois.
    Rend l'enveloppe. Portée `financement:administrer`. Publie `financement.enveloppe.ouverte`.
    """

    async def ouvrir() -> Effet:
        await lock_disponibles(tx, [enveloppe_id])
        row = await queries.lock_enveloppe(tx, enveloppe_id)
        exige_version(row.version, version)
        instant = service.horloge()
        statut = rules.ouverture_permise(
            StatutEnveloppe(row.statut), demande, await service.aujourdhui(tx)
        )
        await queries.store_statut(tx, enveloppe_id, statut, instant)
        await publier_enveloppe(tx, "ouverte", enveloppe_id, version + 1, Operation.MODIFICATION)
        ecriture = Ecriture(
            evenement=EvenementJournal.OUVERTURE,
            date_effet=demande.date_effet,
            lignes=lignes_ouverture(Livre.ENG, enveloppe_id, demande.montant_centimes),
            source=demande.source,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        row = await queries.read_enveloppe(tx, enveloppe_id, instant)
        return Effet(_render(row), location=f"/v1/enveloppes/{enveloppe_id}", version=row.version)

    return await once(tx, commande, ouvrir)


@router.post(
    "/enveloppes/{enveloppe_id}/avenants",
    status_code=201,
    response_model=Enveloppe,
    summary="Changer le montant d'une enveloppe ouverte",
    dependencies=[portee("financement:administrer")],
    responses={
        **refusals(Introuvable, TransitionInterdite, VersionDepassee, rules.EnveloppeEngagee),
        **_LECTURE,
    },
)
async def creer_avenant_enveloppe(
    enveloppe_id: EnveloppeId,
    demande: AvenantEnveloppeCommande,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Fixe le nouveau montant, et inscrit la seule différence à sa date d'effet ; ou la fenêtre.

    La fenêtre d'une enveloppe de convention est déplacée par l'avenant de celle-ci.
    Il ne descend pas sous ce qui est réservé et engagé : le refus liste ce qui retient. Rend
    l'enveloppe. Portée `financement:administrer`. Publie `financement.enveloppe.amendee`.
    """

    async def amender() -> Effet:
        acte = await tenir(tx, service, [enveloppe_id])
        enveloppe = acte.etats[enveloppe_id]
        exige_version(acte.versions[enveloppe_id], version)
        variation = rules.variation_permise(
            enveloppe,
            demande,
            await queries.read_blocages(tx, enveloppe_id),
            await service.aujourdhui(tx),
        )
        lignes = (
            lignes_ouverture(Livre.ENG, enveloppe_id, variation)
            if variation > 0
            else transfert(Livre.ENG, enveloppe_id, -variation, Poste.DISPONIBLE, Poste.OUVERT)
        )
        await ecrire(tx, acte, enveloppe_id, "amendee", enveloppe.statut)
        if demande.fenetre_debut or demande.fenetre_fin:
            await queries.store_fenetre(tx, enveloppe, demande, acte.instant)
        ecritures = [*acte.ecritures]
        if variation:
            ecritures.append(
                Ecriture(
                    evenement=EvenementJournal.AVENANT,
                    date_effet=demande.date_effet,
                    lignes=lignes,
                    source=demande.source,
                )
            )
        if ecritures:
            await inscrire(tx, ecritures, inscrite_le=acte.instant)
        return await _effet(tx, enveloppe_id, acte.instant)

    return await once(tx, commande, amender)


@router.post(
    "/enveloppes/{enveloppe_id}/virements",
    status_code=201,
    response_model=Enveloppe,
    summary="Virer d'une enveloppe à une autre",
    dependencies=[portee("financement:administrer")],
    responses={
        **refusals(Introuvable, TransitionInterdite, rules.EnveloppeEngagee),
        **_LECTURE,
    },
)
async def creer_virement(
    enveloppe_id: EnveloppeId,
    demande: VirementCommande,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Prend sur le disponible de l'une, et l'ouvre à l'autre ; le disponible décide.

    L'argent ne change de financeur ou de convention, ni ne sort d'un axe ou d'un volet non
    fongible, sans une décision expresse. Rend l'enveloppe qui donne. Portée
    `financement:administrer`. Publie `financement.enveloppe.viree` pour les deux.
    """

    async def virer() -> Effet:
        acte = await tenir(tx, service, [enveloppe_id], demande.enveloppe_id)
        de, vers = acte.etats[enveloppe_id], acte.etats[demande.enveloppe_id]
        rules.virement_permis(
            de,
            vers,
            demande,
            await queries.read_blocages(tx, enveloppe_id),
            await service.aujourdhui(tx),
        )
        for etat in (de, vers):
            await ecrire(tx, acte, etat.id, "viree", etat.statut)
        montant = demande.montant_centimes
        ecriture = Ecriture(
            evenement=EvenementJournal.VIREMENT,
            date_effet=demande.date_effet,
            lignes=[
                *lignes_ouverture(Livre.ENG, vers.id, montant),
                *transfert(Livre.ENG, de.id, montant, Poste.DISPONIBLE, Poste.OUVERT),
            ],
            source=rules.acte_nomme(demande.source, demande.decision),
        )
        await inscrire(tx, [*acte.ecritures, ecriture], inscrite_le=acte.instant)
        return await _effet(tx, enveloppe_id, acte.instant)

    return await once(tx, commande, virer)


@router.post(
    "/enveloppes/{enveloppe_id}/clotures",
    status_code=201,
    response_model=Enveloppe,
    summary="Clore une enveloppe dont la fenêtre est finie",
    dependencies=[portee("financement:administrer")],
    responses={
        **refusals(Introuvable, TransitionInterdite, VersionDepassee, rules.EnveloppeEngagee),
        **_LECTURE,
    },
)
async def cloturer_enveloppe(
    enveloppe_id: EnveloppeId,
    demande: ClotureEnveloppeCommande,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Annule ou reporte ce qui n'est ni réservé ni engagé ; le reste s'exécute encore.

    Un report ouvre le même montant à une enveloppe d'un exercice suivant. Ce qu'un dégagement rend
    plus tard se clôt de même. Rend l'enveloppe. Portée `financement:administrer`. Publie
    `financement.enveloppe.close`, et `financement.enveloppe.viree` pour celle qui reçoit.
    """

    async def clore() -> Effet:
        autre = demande.enveloppe_id
        acte = await tenir(tx, service, [enveloppe_id], autre)
        exige_version(acte.versions[enveloppe_id], version)
        _, ecritures = await clore_enveloppe(
            tx, acte, enveloppe_id, demande, await service.aujourdhui(tx)
        )
        if ecritures:
            await inscrire(tx, ecritures, inscrite_le=acte.instant)
        return await _effet(tx, enveloppe_id, acte.instant)

    return await once(tx, commande, clore)


@router.post(
    "/enveloppes/{enveloppe_id}/soldes",
    status_code=201,
    response_model=Enveloppe,
    summary="Solder une enveloppe close",
    dependencies=[portee("financement:administrer")],
    responses={
        **refusals(Introuvable, TransitionInterdite, VersionDepassee, rules.EnveloppeEngagee),
        **_LECTURE,
    },
)
async def creer_solde_enveloppe(
    enveloppe_id: EnveloppeId,
    _demande: SoldeEnveloppeCommande,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Constate qu'il n'y reste rien à engager, liquider, mandater ni payer.

    Rend l'enveloppe. Portée `financement:administrer`. Publie `financement.enveloppe.soldee`.
    """

    async def solder() -> Effet:
        acte = await tenir(tx, service, [enveloppe_id])
        exige_version(acte.versions[enveloppe_id], version)
        rules.exige_soldable(
            acte.etats[enveloppe_id], await queries.read_blocages(tx, enveloppe_id)
        )
        await ecrire(tx, acte, enveloppe_id, "soldee", StatutEnveloppe.SOLDEE)
        if acte.ecritures:
            await inscrire(tx, acte.ecritures, inscrite_le=acte.instant)
        return await _effet(tx, enveloppe_id, acte.instant)

    return await once(tx, commande, solder)


@router.get(
    "/enveloppes",
    response_model=PageEnveloppes,
    summary="Lister les enveloppes",
    dependencies=[portee("financement:lire")],
)
async def lister_enveloppes(
    page: Annotated[PageDemandee, page_de(PageEnveloppes)],
    tx: TransactionDep,
    service: ServiceDep,
    exercice: Annotated[
        list[_Exercice],
        Query(
            default_factory=list, max_length=10, description="De ces exercices", examples=[[2026]]
        ),
    ],
    convention_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces conventions",
            examples=[["019cad9d-67a0-726b-b2a7-4de452e6b438"]],
        ),
    ],
    au: Au = None,
    connu_au: ConnuAu = None,
) -> Response:
    """Rend les enveloppes et leurs soldes à l'instant, ou d'un jour ; les plus récentes d'abord.

    Portée `financement:lire`.
    """
    rows = await queries.list_enveloppes(
        tx,
        page,
        service.horloge(),
        exercices=exercice,
        conventions=convention_id,
        regard=regard_de(au, connu_au),
    )
    return rendre_page(page, rows, _render)


@router.get(
    "/enveloppes/{enveloppe_id}/preuve",
    response_model=Preuve,
    summary="Prouver les soldes d'une enveloppe",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_preuve(
    enveloppe_id: EnveloppeId,
    tx: TransactionDep,
    service: ServiceDep,
    au: Au = None,
    connu_au: ConnuAu = None,
) -> Response:
    """Rend ce qui fait les soldes d'une enveloppe, par événement, et les actes qui les fondent.

    Les soldes sont rejoués des lignes du journal, et non lus de ceux qui sont tenus à jour ; les
    écritures elles-mêmes se lisent par `GET /v1/ecritures?objet_id=`. Portée `financement:lire`.
    """
    row = await queries.read_enveloppe(tx, enveloppe_id, service.horloge())
    preuve = await read_preuve(tx, enveloppe_id, Regard(au, connu_au))
    return rendre(Effet(preuve, version=row.version, status=200))


@router.get(
    "/enveloppes/{enveloppe_id}",
    response_model=Enveloppe,
    summary="Lire une enveloppe et ses soldes",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_enveloppe(
    enveloppe_id: EnveloppeId,
    tx: TransactionDep,
    service: ServiceDep,
    au: Au = None,
    connu_au: ConnuAu = None,
) -> Response:
    """Rend une enveloppe et ses soldes à l'instant : ce qui est échu n'y est plus réservé.

    Avec `au` ou `connu_au`, les soldes sont ceux que donnent les écritures de ces jours-là ; le
    reste de l'enveloppe est celui d'aujourd'hui. `version` est celle de ce qui est écrit sur
    l'enveloppe ; les soldes bougent sans elle, donc la réponse n'est jamais 304. Portée
    `financement:lire`.
    """
    regard = regard_de(au, connu_au)
    row = await queries.read_enveloppe(tx, enveloppe_id, service.horloge(), regard)
    return rendre(Effet(_render(row), version=row.version, status=200))


async def _exige_cadre(tx: Transaction, demande: EnveloppeCreation) -> None:
    """The convention must exist, and the axis, volet and action be its own."""
    if demande.convention_id is None:
        return
    lecture = read_convention(tx, demande.convention_id)
    convention = await exige(lecture, "convention_id", "Convention inconnue")
    erreurs = [
        Erreur(f"/{champ}", "code-referentiel-inconnu", "Inconnu de la convention")
        for champ, ordre in (("axe", demande.axe), ("volet", demande.volet))
        if ordre is not None
        and ordre not in {one["ordre"] for one in convention.contenu[f"{champ}s"]}
    ]
    de_l_action = demande.action_id and await queries.read_convention_de(tx, demande.action_id)
    if demande.action_id and de_l_action != demande.convention_id:
        erreurs.append(
            Erreur("/action_id", "code-referentiel-inconnu", "Inconnue de la convention")
        )
    if erreurs:
        raise Validation(erreurs)


async def _effet(tx: Transaction, enveloppe_id: UUID, instant: datetime) -> Effet:
    row = await queries.read_enveloppe(tx, enveloppe_id, instant)
    return Effet(_render(row), location=f"/v1/enveloppes/{enveloppe_id}", version=row.version)
