"""Envelopes: the money of one funder for one year, and the act that opens it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.conventions.queries import read_convention
from services.financement.enveloppes import queries, rules
from services.financement.journal.queries import (
    Regard,
    inscrire,
    lock_disponibles,
    open_comptes,
    read_preuve,
)
from services.financement.journal.regards import Au, ConnuAu, regard_de
from services.financement.journal.rules import POSTES, Ecriture, lignes_ouverture
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.enveloppes import (
    Enveloppe,
    EnveloppeCreation,
    OuvertureCommande,
    PageEnveloppes,
    StatutEnveloppe,
)
from shared.schemas.financement.journal import EvenementJournal, Livre, Preuve
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("enveloppes")

EnveloppeId = Annotated[
    UUID,
    Path(description="Une enveloppe", examples=["019b789f-d7a0-711d-ab0d-549b6f03675a"]),
]

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

    async def enregistrer() -> Effet:
        rules.verifier_enveloppe(demande)
        if demande.convention_id is not None:
            await _exige_convention(tx, demande.convention_id)
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
        await _publier(tx, "enregistree", enveloppe_id, 1, Operation.CREATION)
        row = await queries.read_enveloppe(tx, enveloppe_id, instant)
        return Effet(_render(row), location=f"/v1/enveloppes/{enveloppe_id}", version=1)

    return await once(tx, commande, enregistrer)


@router.post(
    "/enveloppes/{enveloppe_id}/ouvertures",
    status_code=201,
    response_model=Enveloppe,
    summary="Ouvrir une enveloppe d'un montant exact",
    dependencies=[portee("financement:administrer")],
    responses={
        **refusals(Introuvable, TransitionInterdite),
        201: {
            "links": {
                "lecture": {
                    "operationId": "obtenir_enveloppe",
                    "parameters": {"enveloppe_id": "$response.body#/id"},
                }
            }
        },
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
        await _publier(tx, "ouverte", enveloppe_id, version + 1, Operation.MODIFICATION)
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


async def _exige_convention(tx: Transaction, convention_id: UUID) -> None:
    try:
        await read_convention(tx, convention_id)
    except Introuvable:
        raise Validation(
            [Erreur("/convention_id", "code-referentiel-inconnu", "Convention inconnue")]
        ) from None


async def _publier(
    tx: Transaction, fait: str, enveloppe_id: UUID, version: int, operation: Operation
) -> None:
    await publier(
        tx, Fait(f"financement.enveloppe.{fait}", "enveloppes", enveloppe_id, version, operation)
    )
