"""The one way in which the domain declines, and the closed list of its codes.

Pure: rules import it, so it knows neither HTTP framework nor database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# One code, one status and one title (contract guide, 14.1, 14.4). A code never changes; a new one
# is additive. What a caller can do of each is in docs/problemes.md.
_TITRES_PAR_STATUT = {
    400: {
        "json-illisible": "Corps JSON illisible",
        "json-trop-profond": "JSON trop profond",
        "cle-json-dupliquee": "Cle JSON dupliquee",
        "parametre-inconnu": "Parametre de requete inconnu",
        "parametre-repete": "Parametre de requete repete",
        "curseur-invalide": "Curseur invalide",
        "idempotence-cle-manquante": "En-tete Idempotency-Key manquant",
        "if-match-etoile": "If-Match: * n'est pas admis",
        "entete-invalide": "En-tete invalide",
    },
    401: {
        "jeton-absent": "Jeton d'acces absent",
        "jeton-invalide": "Jeton d'acces invalide",
        "jeton-expire": "Jeton d'acces expire",
        "jeton-audience": "Jeton destine a un autre service",
        "preuve-invalide": "Preuve de possession non verifiable",
    },
    403: {
        "portee-insuffisante": "Portee insuffisante",
        "client-suspendu": "Client suspendu",
        "donnee-sante-interdite": "Donnee de sante interdite a ce jeton",
    },
    404: {"introuvable": "Ressource introuvable"},
    405: {"methode-interdite": "Methode non admise sur ce chemin"},
    406: {"format-indisponible": "Aucun format demande n'est offert"},
    409: {
        "transition-interdite": "Transition interdite",
        "reference-externe-existante": "Cette reference existe deja",
        "idempotence-en-cours": "La meme commande est en cours",
        "disponible-insuffisant": "Disponible insuffisant",
        "orientation-deja-decidee": "Orientation deja decidee",
        "autorite-incompetente": "Autorite incompetente",
        "parcours-clos": "Le parcours est clos",
        "periode-close": "La periode est close",
        "hors-periode": "Hors de la fenetre d'execution de l'enveloppe",
        "reservation-expiree": "Reservation expiree",
        "reservation-deja-resolue": "Reservation deja confirmee ou annulee",
    },
    410: {
        "curseur-expire": "Curseur expire",
        "fichier-expire": "Resultats expires",
        "personne-effacee": "Personne effacee",
    },
    412: {"version-depassee": "La ressource a change"},
    413: {
        "corps-trop-grand": "Corps trop grand",
        "archive-abusive": "Corps trop compresse, ou trop grand une fois decompresse",
    },
    415: {"type-non-admis": "Type de contenu non admis"},
    422: {
        "validation": "Donnees invalides",
        "idempotence-cle-reutilisee": "Cle d'idempotence deja utilisee autrement",
    },
    428: {"precondition-requise": "En-tete If-Match requis"},
    429: {"quota-depasse": "Quota depasse"},
    500: {"interne": "Erreur interne"},
    503: {
        "surcharge": "Service momentanement surcharge",
        "dependance-indisponible": "Un service voisin ne repond pas",
        "maintenance": "Maintenance en cours",
    },
    504: {"delai-depasse": "Delai depasse"},
}
STATUTS = {code: statut for statut, codes in _TITRES_PAR_STATUT.items() for code in codes}
TITRES = {code: titre for codes in _TITRES_PAR_STATUT.values() for code, titre in codes.items()}

# What `erreurs[].code` may say under `validation`.
CODES_ERREUR = frozenset(
    "requis champ-inconnu type-inattendu trop-long hors-bornes format-inattendu uuid-attendu"
    " date-attendue date-incoherente caractere-interdit nir-interdit-ici"
    " code-referentiel-inconnu url-webhook-interdite".split()
)


class Refus(Exception):
    """A refusal: a stable code, a fixed sentence, and facts the caller can act on.

    Subclasses set `code` and `detail`; status and title follow from the code. Members are
    facts of ours (an amount left, the current state), never a value that the caller sent.
    """

    code: str
    detail: str | None = None

    def __init__(self, **members: Any) -> None:
        super().__init__(self.code)
        self.members = members

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return STATUTS[self.code]

    @property
    def title(self) -> str:
        """The title of the code."""
        return TITRES[self.code]

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

    code = "validation"

    def __init__(self, erreurs: Sequence[Erreur]) -> None:
        super().__init__(erreurs=[vars(erreur) for erreur in erreurs[:100]])


class Introuvable(Refus):
    """Absent, of another collectivité or out of reach: the three are told alike."""

    code = "introuvable"


class TransitionInterdite(Refus):
    """The act is not one of those that the current state allows."""

    code = "transition-interdite"

    def __init__(self, statut_actuel: str, transitions_possibles: Sequence[str]) -> None:
        super().__init__(
            statut_actuel=statut_actuel, transitions_possibles=list(transitions_possibles)
        )


class VersionDepassee(Refus):
    """The resource changed since the caller read it."""

    code = "version-depassee"

    def __init__(self, version_courante: int) -> None:
        super().__init__(version_courante=version_courante)


class DependanceIndisponible(Refus):
    """A sibling service does not answer; the same request may be sent again."""

    code = "dependance-indisponible"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "2"}
