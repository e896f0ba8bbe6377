"""Parity: what each funder of a convention opened, beside what its type wants."""

from starlette.responses import Response

from services.financement.conventions.queries import read_convention
from services.financement.conventions.routes import ConventionId
from services.financement.journal.regards import Au, ConnuAu, regard_de
from services.financement.parites import queries, rules
from shared.refus import Introuvable
from shared.schemas.financement.conventions import Parite
from shared.socle.contrat import portee, routeur
from shared.socle.documents import refusals
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import TransactionDep

router = routeur("conventions")


@router.get(
    "/conventions/{convention_id}/parite",
    response_model=Parite,
    summary="Lire les parts des financeurs d'une convention",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_parite(
    convention_id: ConventionId, tx: TransactionDep, au: Au = None, connu_au: ConnuAu = None
) -> Response:
    """Rend, par exercice, ce que chaque financeur a ouvert et ce que la règle du type en veut.

    Une règle ne vaut que pour les types dont un texte la donne : sans elle, rien n'est vérifié. Un
    montant seulement annoncé ne compte pas. Portée `financement:lire`.
    """
    convention = await read_convention(tx, convention_id)
    regle = rules.regle_de(convention.type, convention.annee_debut)
    parts = await queries.read_parts(tx, convention_id, regard_de(au, connu_au))
    parite = Parite(
        convention_id=convention_id,
        regle=rules.regle_publiee(regle),
        exercices=rules.parites(parts, regle),
    )
    return rendre(Effet(parite, status=200))
