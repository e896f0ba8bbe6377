"""What several tables of cases are made of."""

from uuid import UUID

from services.orientation.criteres.rules import Critere, Deduction, Entrees
from shared.schemas.orientation.vocabulaire import NiveauFrein

SANS_CONTRAINTE = {
    "contrainte_sante": "AUCUNE",
    "contrainte_logement": "AUCUNE",
    "contrainte_mobilite": "AUCUNE",
    "contrainte_familiale": "AUCUNE",
    "contrainte_financiere": "AUCUNE",
    "contrainte_numerique": "AUCUNE",
    "contrainte_administrative_juridique": "AUCUNE",
    "contrainte_francais_calcul": "AUCUNE",
}
COMPLET = SANS_CONTRAINTE | {
    "situation_professionnelle": "EN_ACTIVITE",
    "capacite_a_travailler": "true",
    "projet_pro": "SALARIAT",
    "niveau_etude": "NV4",
}


def criteres(**champs: str) -> tuple[Critere, ...]:
    """Criteria, in the order given."""
    return tuple(Critere(champ, valeur) for champ, valeur in champs.items())


def entrees(
    a: bool | None = True,
    p: bool | None = True,
    q: bool | None = True,
    f: NiveauFrein | None = NiveauFrein.SANS_IMPACT,
    o: bool | None = False,
) -> Entrees:
    """Inputs of the table, by their letters in the référentiel."""
    return Entrees(Deduction(a), Deduction(p), Deduction(q), Deduction(f), Deduction(o))


def un_id(rang: int) -> UUID:
    """An id that reads as its rank."""
    return UUID(int=rang)
