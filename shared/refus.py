"""The one way in which the domain declines, and the closed list of its codes.

Pure: rules import it, so it knows neither HTTP framework nor database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# One code, one status. A code never changes; a new one is additive (contract guide, 14.4).
_CODES_PAR_STATUT = {
    400: "json-illisible json-trop-profond cle-json-dupliquee parametre-inconnu parametre-repete"
    " curseur-invalide idempotence-cle-manquante if-match-etoile entete-invalide",
    401: "jeton-absent jeton-invalide jeton-expire jeton-audience preuve-invalide",
    403: "portee-insuffisante client-suspendu donnee-sante-interdite",
    404: "introuvable",
    405: "methode-interdite",
    406: "format-indisponible",
    409: "transition-interdite reference-externe-existante idempotence-en-cours"
    " disponible-insuffisant orientation-deja-decidee autorite-incompetente parcours-clos"
    " periode-close hors-periode reservation-expiree reservation-deja-resolue",
    410: "curseur-expire fichier-expire personne-effacee",
    412: "version-depassee",
    413: "corps-trop-grand archive-abusive",
    415: "type-non-admis",
    422: "validation idempotence-cle-reutilisee",
    428: "precondition-requise",
    429: "quota-depasse",
    500: "interne",
    503: "surcharge dependance-indisponible maintenance",
    504: "delai-depasse",
}
STATUTS: dict[str, int] = {
    code: statut for statut, codes in _CODES_PAR_STATUT.items() for code in codes.split()
}

# What `erreurs[].code` may say under `validation`.
CODES_ERREUR = frozenset(
    "requis champ-inconnu type-inattendu trop-long hors-bornes format-inattendu uuid-attendu"
    " date-attendue date-incoherente caractere-interdit nir-interdit-ici"
    " code-referentiel-inconnu url-webhook-interdite".split()
)


class Refus(Exception):
    """A refusal: a stable code, a fixed sentence, and facts the caller can act on.

    Subclasses set `code`, `title` and `detail`; the status follows from the code. Members are
    facts of ours (an amount left, the current state), never a value that the caller sent.
    """

    code: str
    title: str
    detail: str | None = None

    def __init__(self, **members: Any) -> None:
        super().__init__(self.code)
        self.members = members

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return STATUTS[self.code]

    @property
    def headers(self) -> dict[str, str]:
        """Headers that the answer must carry beside the problem."""
        return {}


@dataclass(frozen=True)
class Erreur:
    """One invalid value: where it is (RFC 6901, or `?nom` for a query), and what is wrong."""

    pointeur: str
    code: str
    message: str


class Validation(Refus):
    """Values were readable and are not acceptable; nothing was written."""

    code, title = "validation", "Donnees invalides"

    def __init__(self, erreurs: Sequence[Erreur]) -> None:
        super().__init__(erreurs=[vars(erreur) for erreur in erreurs[:100]])


class Introuvable(Refus):
    """Absent, of another collectivité or out of reach: the three are told alike."""

    code, title = "introuvable", "Ressource introuvable"


class TransitionInterdite(Refus):
    """The act is not one of those that the current state allows."""

    code, title = "transition-interdite", "Transition interdite"

    def __init__(self, statut_actuel: str, transitions_possibles: Sequence[str]) -> None:
        super().__init__(
            statut_actuel=statut_actuel, transitions_possibles=list(transitions_possibles)
        )


class VersionDepassee(Refus):
    """The resource changed since the caller read it."""

    code, title = "version-depassee", "La ressource a change"

    def __init__(self, version_courante: int) -> None:
        super().__init__(version_courante=version_courante)


class DependanceIndisponible(Refus):
    """A sibling service does not answer; the same request may be sent again."""

    code, title = "dependance-indisponible", "Un service voisin ne repond pas"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "2"}
