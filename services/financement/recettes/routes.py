"""Receipts: what an outside funder notifies, and the Département claims, cashes or gives back."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import Field
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.enveloppes.queries import store_statut
from services.financement.enveloppes.routes import EnveloppeId
from services.financement.journal.queries import inscrire
from services.financement.journal.regards import Au, ConnuAu, regard_de
from services.financement.journal.rules import Ecriture, Ligne, PeriodeClose, transfert
from services.financement.recettes import queries, rules
from services.financement.recettes.actes import inscrire_acte, store_acte
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.enveloppes import StatutEnveloppe
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.schemas.financement.recettes import (
    ActeRecette,
    AnnulationTitreCreation,
    EncaissementCreation,
    NatureActeRecette,
    NotificationRecetteCreation,
    PageActesRecettes,
    PageTitres,
    Recette,
    ReductionTitreCreation,
    ReversementCreation,
    StatutTitre,
    Titre,
    TitreCreation,
    TropPercuCreation,
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

router = routeur("recettes")

# Who claims is not who cashes (I-50): two scopes, for two clients.
ORDONNATEUR, COMPTABLE = "financement.ordonnateur:ecrire", "financement.comptable:ecrire"

TitreId = Annotated[
    UUID,
    Path(description="Un titre de recette", examples=["019cb40d-5aa0-7c27-9d41-a60f38e5b972"]),
]
_ActeId = Annotated[
    UUID,
    Path(
        description="Un acte sur les recettes d'une enveloppe",
        examples=["019cb40d-5aa0-7d63-8b1e-27c9f054a8d6"],
    ),
]
_Enveloppes = Annotated[
    list[Identifiant],
    Query(
        default_factory=list,
        max_length=10,
        description="De ces enveloppes",
        examples=[["019b789f-d7a0-711d-ab0d-549b6f03675a"]],
    ),
]
_Exercice = Annotated[int, Field(ge=1900, le=2200)]


def _titre(row: Row[Any]) -> Titre:
    return Titre.model_validate(row, from_attributes=True)


def _acte(row: Row[Any]) -> ActeRecette:
    return ActeRecette.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})


@router.post(
    "/enveloppes/{enveloppe_id}/notifications",
    status_code=201,
    response_model=ActeRecette,
    summary="Enregistrer ce qu'un financeur notifie",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, DisponibleInsuffisant, PeriodeClose),
)
async def notifier_recette(
    enveloppe_id: EnveloppeId,
    demande: NotificationRecetteCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Inscrit à titrer ce qu'un financeur extérieur notifie au centime ; un complément s'ajoute.

    C'est le plafond de ce qui peut lui être réclamé. Une enveloppe annoncée est alors notifiée.
    Portée `financement:administrer`. Publie `financement.acte_recette.enregistre`, et
    `financement.enveloppe.notifiee` quand elle l'est.
    """

    async def notifier() -> Effet:
        enveloppe = await queries.lock_enveloppe(tx, enveloppe_id)
        rules.verifier_notification(enveloppe.financeur, demande.qualificatif)
        rules.verifier_effet(demande.date_effet, await service.aujourdhui(tx))
        await queries.open_livre(tx, Livre.REC, enveloppe_id)
        instant = service.horloge()
        if enveloppe.statut == StatutEnveloppe.ANNONCEE:
            await store_statut(tx, enveloppe_id, StatutEnveloppe.NOTIFIEE, instant)
            await publier(
                tx,
                Fait(
                    "financement.enveloppe.notifiee",
                    "enveloppes",
                    enveloppe_id,
                    enveloppe.version + 1,
                    Operation.MODIFICATION,
                ),
            )
        return await inscrire_acte(
            tx,
            NatureActeRecette.NOTIFICATION,
            enveloppe_id,
            demande.montant_centimes,
            demande.date_effet,
            instant,
            reference=demande.reference,
        )

    return await once(tx, commande, notifier)


@router.post(
    "/enveloppes/{enveloppe_id}/trop-percus",
    status_code=201,
    response_model=ActeRecette,
    summary="Constater un trop-perçu",
    dependencies=[portee(ORDONNATEUR)],
    responses=refusals(Introuvable, DisponibleInsuffisant, PeriodeClose),
)
async def creer_trop_percu(
    enveloppe_id: EnveloppeId,
    demande: TropPercuCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Inscrit à reverser une part encaissée qui n'était pas due ; un bilan adopté le fait aussi.

    Portée `financement.ordonnateur:ecrire`. Publie
    `financement.acte_recette.enregistre`.
    """

    async def constater() -> Effet:
        enveloppe = await queries.lock_enveloppe(tx, enveloppe_id)
        rules.verifier_effet(demande.date_effet, await service.aujourdhui(tx))
        rules.exige_solde(enveloppe.soldes, Poste.ENCAISSE, demande.montant_centimes)
        return await inscrire_acte(
            tx,
            NatureActeRecette.TROP_PERCU,
            enveloppe_id,
            demande.montant_centimes,
            demande.date_effet,
            service.horloge(),
            motif=demande.motif,
        )

    return await once(tx, commande, constater)


@router.post(
    "/enveloppes/{enveloppe_id}/reversements",
    status_code=201,
    response_model=ActeRecette,
    summary="Enregistrer un reversement au financeur",
    dependencies=[portee(COMPTABLE)],
    responses=refusals(Introuvable, DisponibleInsuffisant, PeriodeClose),
)
async def creer_reversement(
    enveloppe_id: EnveloppeId,
    demande: ReversementCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Inscrit ce qui est rendu au financeur, au plus ce qui est à reverser.

    Portée `financement.comptable:ecrire`. Publie `financement.acte_recette.enregistre`.
    """

    async def reverser() -> Effet:
        enveloppe = await queries.lock_enveloppe(tx, enveloppe_id)
        rules.verifier_effet(demande.date_effet, await service.aujourdhui(tx))
        rules.exige_solde(enveloppe.soldes, Poste.A_REVERSER, demande.montant_centimes)
        return await inscrire_acte(
            tx,
            NatureActeRecette.REVERSEMENT,
            enveloppe_id,
            demande.montant_centimes,
            demande.date_effet,
            service.horloge(),
            reference=demande.reference,
        )

    return await once(tx, commande, reverser)


@router.get(
    "/enveloppes/{enveloppe_id}/recette",
    response_model=Recette,
    summary="Lire où en sont les recettes d'une enveloppe",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_recette(
    enveloppe_id: EnveloppeId, tx: TransactionDep, au: Au = None, connu_au: ConnuAu = None
) -> Response:
    """Rend ce qui est notifié, à titrer, titré, encaissé, à reverser et reversé, ou tout à zéro.

    `version` est celle de l'enveloppe ; les soldes bougent sans elle. Portée `financement:lire`.
    """
    row = await queries.read_enveloppe(tx, enveloppe_id, regard_de(au, connu_au))
    recette = Recette(
        enveloppe_id=enveloppe_id,
        notifie_centimes=queries.solde(row, Poste.NOTIFIE),
        a_titrer_centimes=queries.solde(row, Poste.A_TITRER),
        titre_centimes=queries.solde(row, Poste.TITRE),
        encaisse_centimes=queries.solde(row, Poste.ENCAISSE),
        a_reverser_centimes=queries.solde(row, Poste.A_REVERSER),
        reverse_centimes=queries.solde(row, Poste.REVERSE),
        abandonne_centimes=queries.solde(row, Poste.ABANDONNE),
    )
    return rendre(Effet(recette, version=row.version, status=200))


@router.get(
    "/actes-recettes",
    response_model=PageActesRecettes,
    summary="Lister les actes sur les recettes",
    dependencies=[portee("financement:lire")],
)
async def lister_actes_recettes(
    page: Annotated[PageDemandee, page_de(PageActesRecettes)],
    tx: TransactionDep,
    enveloppe_id: _Enveloppes,
    titre_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Sur ces titres",
            examples=[["019cb40d-5aa0-7c27-9d41-a60f38e5b972"]],
        ),
    ],
) -> Response:
    """Rend notifications, encaissements, réductions et reversements, les plus récents d'abord.

    Portée `financement:lire`.
    """
    rows = await queries.list_actes(tx, page, enveloppes=enveloppe_id, titres=titre_id)
    return rendre_page(page, rows, _acte)


@router.get(
    "/actes-recettes/{acte_recette_id}",
    response_model=ActeRecette,
    summary="Lire un acte sur des recettes",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_acte_recette(
    acte_recette_id: _ActeId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un acte tel qu'il fut enregistré : il ne change jamais. Portée `financement:lire`."""
    return rendre_lecture(request, _acte(await queries.read_acte(tx, acte_recette_id)), 1)


@router.post(
    "/enveloppes/{enveloppe_id}/titres",
    status_code=201,
    response_model=Titre,
    summary="Émettre un titre de recette",
    dependencies=[portee(ORDONNATEUR)],
    responses=refusals(Introuvable, DisponibleInsuffisant, PeriodeClose),
)
async def creer_titre(
    enveloppe_id: EnveloppeId,
    demande: TitreCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Réclame au financeur une part de ce qui reste à titrer ; numéroté sans trou par exercice.

    Un titre qui en corrige un autre le nomme et dit pourquoi. Portée
    `financement.ordonnateur:ecrire`. Publie `financement.titre.emis`.
    """

    async def emettre() -> Effet:
        enveloppe = await queries.lock_enveloppe(tx, enveloppe_id)
        rules.verifier_effet(
            demande.date_emission, await service.aujourdhui(tx), champ="date_emission"
        )
        corrige = await queries.find_titre(tx, demande.titre_corrige_id)
        rules.verifier_correction(
            corrige and queries.etat_titre(corrige),
            nomme=demande.titre_corrige_id is not None,
            motif=demande.motif,
            meme_enveloppe=corrige is not None and corrige.enveloppe_id == enveloppe_id,
        )
        rules.exige_solde(enveloppe.soldes, Poste.A_TITRER, demande.montant_centimes)
        instant, titre_id = service.horloge(), new_id()
        values = {
            **demande.model_dump(),
            "id": titre_id,
            "enveloppe_id": enveloppe_id,
            "exercice": demande.date_emission.year,
            "statut": StatutTitre.EMIS,
            "instant": instant,
        }
        await queries.store_titre(tx, values)
        lignes = transfert(
            Livre.REC, enveloppe_id, demande.montant_centimes, Poste.A_TITRER, Poste.TITRE
        )
        return await _titre_inscrit(
            tx,
            titre_id,
            "emis",
            _ecriture(EvenementJournal.TITRE, demande.date_emission, lignes, titre_id),
            instant,
        )

    return await once(tx, commande, emettre)


@router.get(
    "/titres",
    response_model=PageTitres,
    summary="Lister les titres de recette",
    dependencies=[portee("financement:lire")],
)
async def lister_titres(
    page: Annotated[PageDemandee, page_de(PageTitres)],
    tx: TransactionDep,
    enveloppe_id: _Enveloppes,
    exercice: Annotated[
        list[_Exercice],
        Query(
            default_factory=list, max_length=10, description="De ces exercices", examples=[[2026]]
        ),
    ],
    statut: Annotated[
        list[StatutTitre],
        Query(
            default_factory=list,
            max_length=5,
            description="Dans l'un de ces états",
            examples=[["emis"]],
        ),
    ],
) -> Response:
    """Rend les titres, les plus récents d'abord. Portée `financement:lire`."""
    rows = await queries.list_titres(
        tx, page, enveloppes=enveloppe_id, exercices=exercice, statuts=statut
    )
    return rendre_page(page, rows, _titre)


@router.get(
    "/titres/{titre_id}",
    response_model=Titre,
    summary="Lire un titre de recette",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_titre(titre_id: TitreId, request: Request, tx: TransactionDep) -> Response:
    """Rend un titre, ce qui en est encaissé et ce qui en reste. Portée `financement:lire`."""
    row = await queries.read_titre(tx, titre_id)
    return rendre_lecture(request, _titre(row), row.version)


@router.post(
    "/titres/{titre_id}/encaissements",
    status_code=201,
    response_model=Titre,
    summary="Encaisser un titre, en entier ou en partie",
    dependencies=[portee(COMPTABLE)],
    responses=refusals(Introuvable, TransitionInterdite, DisponibleInsuffisant, PeriodeClose),
)
async def creer_encaissement(
    titre_id: TitreId,
    demande: EncaissementCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Inscrit ce que le comptable a reçu d'un titre, au plus ce qui en reste.

    Deux encaissements n'attendent pas l'un l'autre : aucune version n'est demandée. Portée
    `financement.comptable:ecrire`. Publie `financement.titre.encaisse`.
    """

    async def encaisser() -> Effet:
        row = await queries.lock_titre(tx, titre_id)
        rules.verifier_effet(
            demande.date_effet, await service.aujourdhui(tx), depuis=row.date_emission
        )
        statut = rules.statut_encaisse(queries.etat_titre(row), demande.montant_centimes)
        instant = service.horloge()
        await queries.move_titre(tx, titre_id, statut, instant, encaisse=demande.montant_centimes)
        await store_acte(
            tx,
            NatureActeRecette.ENCAISSEMENT,
            row.enveloppe_id,
            demande.montant_centimes,
            demande.date_effet,
            instant,
            titre_id=titre_id,
            reference=demande.reference,
        )
        lignes = rules.lignes_acte(
            NatureActeRecette.ENCAISSEMENT, row.enveloppe_id, demande.montant_centimes
        )
        ecriture = _ecriture(EvenementJournal.ENCAISSEMENT, demande.date_effet, lignes, titre_id)
        return await _titre_inscrit(tx, titre_id, "encaisse", ecriture, instant)

    return await once(tx, commande, encaisser)


@router.post(
    "/titres/{titre_id}/reductions",
    status_code=201,
    response_model=Titre,
    summary="Réduire un titre",
    dependencies=[portee(ORDONNATEUR)],
    responses=refusals(
        Introuvable, TransitionInterdite, DisponibleInsuffisant, VersionDepassee, PeriodeClose
    ),
)
async def creer_reduction_titre(
    titre_id: TitreId,
    demande: ReductionTitreCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Ôte d'un titre une part non encaissée, avec son motif : à titrer encore, ou abandonnée.

    Portée `financement.ordonnateur:ecrire`. Publie `financement.titre.reduit`, ou `…annule` s'il
    ne réclame plus rien.
    """

    async def reduire() -> Effet:
        return await _reduire(
            tx, service, titre_id, demande, demande.montant_centimes, version=version
        )

    return await once(tx, commande, reduire)


@router.post(
    "/titres/{titre_id}/annulations",
    status_code=201,
    response_model=Titre,
    summary="Annuler un titre",
    dependencies=[portee(ORDONNATEUR)],
    responses=refusals(Introuvable, TransitionInterdite, VersionDepassee, PeriodeClose),
)
async def annuler_titre(
    titre_id: TitreId,
    demande: AnnulationTitreCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Ôte tout ce qu'un titre non encaissé réclame, avec son motif : à titrer, ou abandonné.

    Portée `financement.ordonnateur:ecrire`. Publie `financement.titre.annule`.
    """

    async def annuler() -> Effet:
        return await _reduire(tx, service, titre_id, demande, None, version=version)

    return await once(tx, commande, annuler)


async def _reduire(
    tx: Transaction,
    service: ServiceDep,
    titre_id: UUID,
    demande: AnnulationTitreCreation,
    montant_centimes: int | None,
    *,
    version: int,
) -> Effet:
    """Take off a part of a titre, or all that is left of it."""
    row = await queries.lock_titre(tx, titre_id)
    exige_version(row.version, version)
    rules.verifier_effet(demande.date_effet, await service.aujourdhui(tx), depuis=row.date_emission)
    montant = row.reste_centimes if montant_centimes is None else montant_centimes
    statut = rules.statut_reduit(queries.etat_titre(row), montant)
    instant, annule = service.horloge(), statut is StatutTitre.ANNULE
    await queries.move_titre(tx, titre_id, statut, instant, reduit=montant)
    await store_acte(
        tx,
        NatureActeRecette.ANNULATION if annule else NatureActeRecette.REDUCTION,
        row.enveloppe_id,
        montant,
        demande.date_effet,
        instant,
        titre_id=titre_id,
        motif=demande.motif,
        suite=demande.suite,
        sur_exercice_anterieur=row.exercice < demande.date_effet.year,
    )
    lignes = rules.lignes_reduction(demande.suite, row.enveloppe_id, montant)
    ecriture = _ecriture(
        EvenementJournal.REDUCTION_TITRE, demande.date_effet, lignes, titre_id, demande.motif
    )
    return await _titre_inscrit(tx, titre_id, "annule" if annule else "reduit", ecriture, instant)


def _ecriture(
    evenement: EvenementJournal,
    jour: date,
    lignes: list[Ligne],
    titre_id: UUID,
    source: str | None = None,
) -> Ecriture:
    return Ecriture(evenement, jour, lignes, origine="titres", origine_id=titre_id, source=source)


async def _titre_inscrit(
    tx: Transaction, titre_id: UUID, fait: str, ecriture: Ecriture, instant: datetime
) -> Effet:
    """Post what an act on a titre moves, tell it, and show the titre."""
    row = await queries.read_titre(tx, titre_id)
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    await publier(tx, Fait(f"financement.titre.{fait}", "titres", titre_id, row.version, operation))
    await inscrire(tx, [ecriture], inscrite_le=instant)
    return Effet(_titre(row), location=f"/v1/titres/{titre_id}", version=row.version)
