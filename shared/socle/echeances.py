"""The deadline engine of `shared.delais`, said by the database: to filter and sort lists."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, cast, func

from shared.delais import Delai, Unite
from shared.schemas.orientation.echeances import EtatEcheance


def date_limite(depart: Any, delai: Delai) -> Any:
    """`shared.delais.echeance`: PostgreSQL too ends a month on its last day."""
    return cast(depart + _duree(delai), Date)


def date_avant(terme: Any, delai: Delai) -> Any:
    """The day that comes so long before a term."""
    return cast(terme - _duree(delai), Date)


def _duree(delai: Delai) -> Any:
    unites = (Unite.ANS, Unite.MOIS, Unite.SEMAINES, Unite.JOURS)
    return func.make_interval(*(delai.duree if delai.unite is one else 0 for one in unites))


def dans_etat(dues: Any, voulu: EtatEcheance, jour: date, alerte: date) -> ColumnElement[bool]:
    """The same bounds as `shared.delais.etat`, over `date_limite`, `date_accomplie`, `en_cours`."""
    limite, accomplie = dues.date_limite, dues.date_accomplie
    match voulu:
        case EtatEcheance.A_TEMPS:
            return and_(dues.en_cours, limite > alerte)
        case EtatEcheance.A_RISQUE:
            return and_(dues.en_cours, limite.between(jour, alerte))
        case EtatEcheance.EN_RETARD:
            return and_(dues.en_cours, limite < jour)
        case EtatEcheance.RESPECTEE:
            return and_(accomplie <= limite)
        case EtatEcheance.DEPASSEE:
            return and_(accomplie > limite)
