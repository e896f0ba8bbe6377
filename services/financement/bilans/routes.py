"""Claims on a funder: reckoned, explained line by line, adopted by the assembly."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.bilans import queries, rules
from services.financement.bilans.page import ecrire_page
from services.financement.bilans.tableur import ecrire_csv
from services.financement.engagements.rules import DoubleFinancement
from services.financement.enveloppes.routes import EnveloppeId
from services.financement.formes import formes, rendre_forme
from services.financement.journal.rules import PeriodeClose
from services.financement.recettes.actes import inscrire_acte
from services.financement.recettes.queries import lock_enveloppe, read_enveloppe, solde
from services.financement.taux.queries import find_taux
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation, VersionDepassee
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.bilans import (
    AVERTISSEMENTS_MAX,
    AdoptionBilanCreation,
    Bilan,
    BilanCreation,
    LigneBilan,
    NatureTaux,
    OrigineDepense,
    OrigineTaux,
    PageBilans,
    StatutBilan,
)
from shared.schemas.financement.enveloppes import Financeur
from shared.schemas.financement.journal import Poste
from shared.schemas.financement.recettes import NatureActeRecette
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("bilans")

_BilanId = Annotated[
    UUID,
    Path(description="Un bilan", examples=["019cb40d-5aa0-7e85-a274-9f13d60b8c57"]),
]


# Said here: an act answers JSON only, and its reading other forms too.
_LIENS: dict[int | str, dict[str, Any]] = {
    201: {
        "links": {
            "lecture": {
                "operationId": "obtenir_bilan",
                "parameters": {"bilan_id": "$response.body#/id"},
            }
        }
    }
}


def _render(row: Row[Any]) -> Bilan:
    limite, adoption = row.date_limite, row.date_adoption
    hors_delai = limite is not None and adoption is not None and adoption > limite
    sha256 = row.sha256.hex() if row.sha256 else None
    taux = {**row.taux, "origine": OrigineTaux.COLLECTIVITE, "part_mensuelle_centimes": None}
    return Bilan.model_validate(
        {**row._mapping, "taux": taux, "hors_delai": hors_delai, "sha256": sha256}
    )


def _suite(du_centimes: int, enveloppe: Row[Any]) -> rules.Suite:
    """What follows from a claim, by the balances of its envelope."""
    return rules.suite(
        du_centimes,
        encaisse_centimes=solde(enveloppe, Poste.ENCAISSE),
        titre_centimes=solde(enveloppe, Poste.TITRE),
        a_titrer_centimes=solde(enveloppe, Poste.A_TITRER),
    )


@router.post(
    "/enveloppes/{enveloppe_id}/bilans",
    status_code=201,
    response_model=Bilan,
    summary="Calculer ce qu'un financeur doit",
    dependencies=[portee("financement:administrer")],
    responses={**refusals(Introuvable, DoubleFinancement), **_LIENS},
)
async def creer_bilan(
    enveloppe_id: EnveloppeId,
    demande: BilanCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Calcule le dû : la part du financeur dans la dépense, plafonnée, moins les réfactions.

    Incomplet tant qu'une pièce est dite manquante, qu'une liquidation n'est pas justifiée, ou que
    rien ne dit ce qu'une action renforcée faisait avant : seul son ajout compte. Ce qui est
    sûrement financé deux fois est refusé ; ce qui semble l'être est dit en `avertissements`.
    Chaque ligne s'explique en français ; tout est arrondi au centime inférieur. Le dû est comparé à
    l'encaissé, sans rien inscrire au journal : l'adoption le fait. Un bilan non adopté de la même
    enveloppe est remplacé. Portée `financement:administrer`. Publie `financement.bilan.calcule`.
    """

    async def calculer() -> Effet:
        rules.verifier_bilan(demande, await service.aujourdhui(tx))
        # All gates at once, in their order: the claims of two funders would wait for each other.
        enveloppes = await queries.lock_assiette(tx, enveloppe_id)
        enveloppe = await lock_enveloppe(tx, enveloppe_id)
        lue = await queries.read_depense(tx, enveloppe_id, demande.date_arrete)
        voisinage = await _voisinage(tx, enveloppes, enveloppe_id, demande.date_arrete)
        assiette, taux_id = await _assiette(tx, enveloppe, demande, lue, voisinage)
        creance = rules.creance(assiette, demande.refactions)
        avertissements = _controler(enveloppe, assiette, creance.du_centimes, voisinage)
        suite = _suite(creance.du_centimes, enveloppe)
        instant, bilan_id = service.horloge(), new_id()
        for ancien in await queries.replace_bilans(tx, enveloppe_id, instant):
            await _publier(tx, "remplace", ancien.id, ancien.version)
        manquants = demande.justificatifs_manquants
        incomplet = bool(manquants or lue.liquidations_a_justifier)
        incomplet |= not rules.bases_connues(voisinage.actions)
        await queries.store_bilan(
            tx,
            {
                "id": bilan_id,
                "enveloppe_id": enveloppe_id,
                "date_arrete": demande.date_arrete,
                "date_limite": demande.date_limite,
                "statut": StatutBilan.INCOMPLET if incomplet else StatutBilan.CALCULE,
                "origine_depense": assiette.origine,
                "depense_retenue_centimes": assiette.depense_centimes,
                "taux_id": taux_id,
                "plafond_centimes": assiette.plafond_centimes,
                "refactions_centimes": creance.refactions_centimes,
                "du_centimes": creance.du_centimes,
                "encaisse_centimes": suite.encaisse_centimes,
                "a_titrer_centimes": suite.a_titrer_centimes,
                "a_reduire_centimes": suite.a_reduire_centimes,
                "a_reverser_centimes": suite.a_reverser_centimes,
                "lignes": _lignes(creance, suite),
                "justificatifs_manquants": manquants,
                "liquidations_a_justifier": lue.liquidations_a_justifier,
                "avertissements": avertissements,
                "cree_le": instant,
                "modifie_le": instant,
            },
        )
        return await _effet(tx, bilan_id, "calcule")

    return await once(tx, commande, calculer)


@router.post(
    "/bilans/{bilan_id}/adoptions",
    status_code=201,
    response_model=Bilan,
    summary="Adopter un bilan",
    dependencies=[portee("financement.ordonnateur:ecrire")],
    responses={
        **refusals(
            Introuvable, TransitionInterdite, VersionDepassee, PeriodeClose, DoubleFinancement
        ),
        **_LIENS,
    },
)
async def creer_adoption_bilan(
    bilan_id: _BilanId,
    demande: AdoptionBilanCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Fige le dû par l'acte de l'assemblée, et inscrit à reverser ce qui est encaissé en trop.

    Refusée tant qu'il manque des justificatifs, ou si la dépense s'avère financée deux fois. Le dû
    est celui du calcul ; l'encaissé, celui de l'instant : ce qui est à reverser prend effet ce
    jour, la date d'adoption reste au bilan. Le bilan adopté ne change plus : `sha256` le dit.
    Portée `financement.ordonnateur:ecrire`. Publie `financement.bilan.adopte`.
    """

    async def adopter() -> Effet:
        bilan = await queries.lock_bilan(tx, bilan_id)
        exige_version(bilan.version, version)
        aujourdhui = await service.aujourdhui(tx)
        rules.exige_adoptable(
            StatutBilan(bilan.statut),
            date_arrete=bilan.date_arrete,
            date_adoption=demande.date_adoption,
            aujourdhui=aujourdhui,
        )
        enveloppe = await read_enveloppe(tx, bilan.enveloppe_id)
        suite = _suite(bilan.du_centimes, enveloppe)
        assiette = _relue(bilan)
        voisinage = await _voisinage(
            tx,
            await queries.lock_assiette(tx, bilan.enveloppe_id),
            bilan.enveloppe_id,
            bilan.date_arrete,
        )
        avertissements = _controler(enveloppe, assiette, bilan.du_centimes, voisinage)
        instant = service.horloge()
        lignes = [LigneBilan.model_validate(ligne) for ligne in bilan.lignes]
        creance = rules.Creance(
            bilan.du_centimes, bilan.refactions_centimes, rules.lignes_creance(lignes)
        )
        await queries.store_adoption(
            tx,
            bilan_id,
            {
                "p_assemblee": demande.assemblee,
                "p_date_adoption": demande.date_adoption,
                "p_reference": demande.reference,
                "p_encaisse": suite.encaisse_centimes,
                "p_a_titrer": suite.a_titrer_centimes,
                "p_a_reduire": suite.a_reduire_centimes,
                "p_a_reverser": suite.a_reverser_centimes,
                "p_lignes": _lignes(creance, suite),
                "p_avertissements": avertissements,
                "p_modifie_le": instant,
            },
        )
        lu = _render(await queries.read_bilan(tx, bilan_id))
        await queries.store_empreinte(tx, bilan_id, rules.empreinte(lu))
        effet = await _effet(tx, bilan_id, "adopte")
        if suite.a_reverser_centimes:
            await inscrire_acte(
                tx,
                NatureActeRecette.TROP_PERCU,
                bilan.enveloppe_id,
                suite.a_reverser_centimes,
                # Not the day of the adoption: what was cashed since was not there to give back.
                aujourdhui,
                instant,
                reference=demande.reference,
                motif="Bilan adopté",
            )
        return effet

    return await once(tx, commande, adopter)


@router.get(
    "/bilans",
    response_model=PageBilans,
    summary="Lister les bilans",
    dependencies=[portee("financement:lire")],
)
async def lister_bilans(
    page: Annotated[PageDemandee, page_de(PageBilans)],
    tx: TransactionDep,
    enveloppe_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces enveloppes",
            examples=[["019b789f-d7a0-711d-ab0d-549b6f03675a"]],
        ),
    ],
) -> Response:
    """Rend les bilans et leur calcul, les plus récents d'abord. Portée `financement:lire`."""
    return rendre_page(page, await queries.list_bilans(tx, page, enveloppe_id), _render)


@router.get(
    "/bilans/{bilan_id}",
    response_model=Bilan,
    summary="Lire un bilan et son calcul, en JSON, en CSV ou en page à imprimer",
    dependencies=[portee("financement:lire")],
    responses={
        **refusals(Introuvable),
        200: formes("Enveloppe,Ligne,Montant (€)\r\n35-CLS-2024-etat,Dû,590000.00\r\n"),
    },
)
async def obtenir_bilan(bilan_id: _BilanId, request: Request, tx: TransactionDep) -> Response:
    """Rend un bilan, ligne à ligne.

    `Accept` choisit : `application/json`, `text/csv` (une ligne par ligne du calcul) ou
    `text/html`, une page à imprimer avec son empreinte, sans script. Portée `financement:lire`.
    """
    row = await queries.read_bilan(tx, bilan_id)
    bilan = _render(row)
    lue = await read_enveloppe(tx, row.enveloppe_id)
    enveloppe = rules.EnveloppeBilan(
        lue.reference, lue.financeur and Financeur(lue.financeur), lue.exercice
    )
    return rendre_forme(
        request,
        f"bilan-{enveloppe.reference}-{bilan.date_arrete}",
        json=lambda: rendre_lecture(request, bilan, row.version),
        csv=lambda: ecrire_csv(bilan, enveloppe),
        page=lambda: ecrire_page(bilan, enveloppe),
    )


async def _assiette(
    tx: Transaction,
    enveloppe: Row[Any],
    demande: BilanCreation,
    lue: Row[Any],
    voisinage: rules.Voisinage,
) -> tuple[rules.Assiette, UUID]:
    """What the claim is reckoned from, and the rate of that day."""
    taux = await find_taux(tx, demande.taux_code, NatureTaux.INTERVENTION, demande.date_arrete)
    if taux is None:
        message = "Aucun taux d'intervention de ce code a la date d'arrete"
        raise Validation([Erreur("/taux_code", "code-referentiel-inconnu", message)])
    depense, origine = rules.depense_retenue(
        demande.depense_retenue_centimes, lue.depense_centimes, ambigue=lue.ambigue
    )
    bases, lignes = rules.bases_deduites(voisinage.actions, origine)
    return (
        rules.Assiette(
            depense_centimes=max(0, depense - bases),
            origine=origine,
            date_arrete=demande.date_arrete,
            taux=Fraction(taux.numerateur, taux.denominateur),
            source_taux=taux.source,
            confirme=taux.confirme,
            plafond_centimes=solde(enveloppe, Poste.NOTIFIE),
            lignes=lignes,
        ),
        taux.id,
    )


def _relue(bilan: Row[Any]) -> rules.Assiette:
    """What a stored claim was reckoned from."""
    return rules.Assiette(
        depense_centimes=bilan.depense_retenue_centimes,
        origine=OrigineDepense(bilan.origine_depense),
        date_arrete=bilan.date_arrete,
        taux=Fraction(bilan.taux["numerateur"], bilan.taux["denominateur"]),
        source_taux=bilan.taux["source"],
        confirme=bilan.taux["confirme"],
        plafond_centimes=bilan.plafond_centimes,
    )


async def _voisinage(
    tx: Transaction, enveloppes: Sequence[UUID], enveloppe_id: UUID, jour: date
) -> rules.Voisinage:
    """Read all that may say that the expense of these envelopes is financed twice."""
    return rules.Voisinage(
        actions=await queries.read_actions_retenues(tx, enveloppes, jour),
        autres=await queries.read_autres_bilans(tx, enveloppes, enveloppe_id),
        pieces=await queries.read_pieces_ailleurs(tx, enveloppes, jour, AVERTISSEMENTS_MAX),
        depenses=await queries.read_depenses_voisines(tx, enveloppes, jour, AVERTISSEMENTS_MAX),
    )


def _controler(
    enveloppe: Row[Any], assiette: rules.Assiette, du_centimes: int, voisinage: rules.Voisinage
) -> list[dict[str, Any]]:
    """Refuse what is surely financed twice; return what seems to be."""
    financeur = enveloppe.financeur and Financeur(enveloppe.financeur)
    rules.exige_finance_une_fois(financeur, assiette, du_centimes, voisinage)
    dits = rules.avertissements(financeur, assiette, voisinage)
    return [dit.model_dump(mode="json") for dit in dits]


def _lignes(creance: rules.Creance, suite: rules.Suite) -> list[dict[str, Any]]:
    return [ligne.model_dump(mode="json") for ligne in (*creance.lignes, *suite.lignes)]


async def _effet(tx: Transaction, bilan_id: UUID, fait: str) -> Effet:
    row = await queries.read_bilan(tx, bilan_id)
    await _publier(tx, fait, bilan_id, row.version)
    return Effet(_render(row), location=f"/v1/bilans/{bilan_id}", version=row.version)


async def _publier(tx: Transaction, fait: str, bilan_id: UUID, version: int) -> None:
    operation = Operation.CREATION if version == 1 else Operation.MODIFICATION
    await publier(tx, Fait(f"financement.bilan.{fait}", "bilans", bilan_id, version, operation))
