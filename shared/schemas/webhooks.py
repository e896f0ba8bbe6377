"""Webhooks: subscriptions, what was delivered to them, and the event that they receive."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from shared.schemas.commun import (
    INCHANGE,
    Booleen,
    Code,
    CodeCollectivite,
    Entier,
    Entree,
    Identifiant,
    Instant,
    Libelle,
    Modele,
    Operation,
    Page,
    Ressource,
    Version,
)

TYPE_MAX, CONTACTS_MAX, TYPES_MAX = 80, 10, 100
TENTATIVES_MAX = 20

UrlWebhook = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500),
    Field(
        description="Adresse HTTPS du récepteur : nom DNS public en minuscules, port 443 ou 8443,"
        " ni identifiants ni fragment"
    ),
]
TypeEvenement = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+){2}$", max_length=TYPE_MAX),
    Field(description="service.ressource.fait, l'un de ceux que décrit `webhooks`"),
]
Contact = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", max_length=200
    ),
    Field(description="Adresse d'une boîte de service, jamais celle d'une personne suivie"),
]


class StatutWebhook(StrEnum):
    """Où en est un abonnement. Liste fermée."""

    A_VERIFIER = "a_verifier"
    ACTIF = "actif"
    EN_PAUSE = "en_pause"
    DESACTIVE = "desactive"


class MotifDesactivation(StrEnum):
    """Pourquoi le service a cessé d'envoyer. Liste ouverte."""

    RECEPTEUR_DISPARU = "recepteur_disparu"
    SANS_SUCCES = "sans_succes"


class SignatureWebhook(StrEnum):
    """Comment les envois sont signés, selon Standard Webhooks. Liste fermée."""

    V1 = "v1"
    V1A = "v1a"


class StatutLivraison(StrEnum):
    """Où en est la livraison d'un événement à un abonnement. Liste fermée."""

    EN_ATTENTE = "en_attente"
    LIVREE = "livree"
    ABANDONNEE = "abandonnee"


class IssueTentative(StrEnum):
    """Comment une tentative a fini. Liste ouverte."""

    RECUE = "recue"
    STATUT_REFUSE = "statut_refuse"
    REDIRECTION = "redirection"
    RECEPTEUR_DISPARU = "recepteur_disparu"
    PAGE_HTML = "page_html"
    DEFI_NON_RENDU = "defi_non_rendu"
    DELAI_DEPASSE = "delai_depasse"
    NOM_INCONNU = "nom_inconnu"
    ADRESSE_INTERDITE = "adresse_interdite"
    CONNEXION = "connexion"
    REPONSE_ILLISIBLE = "reponse_illisible"


def _sans_double(valeurs: list[str]) -> list[str]:
    return list(dict.fromkeys(valeurs))


TypesEvenement = Annotated[
    list[TypeEvenement],
    AfterValidator(_sans_double),
    Field(max_length=TYPES_MAX, description="Types reçus ; vide : tous ceux du service"),
]
Contacts = Annotated[
    list[Contact],
    AfterValidator(_sans_double),
    Field(
        max_length=CONTACTS_MAX,
        description="Boîtes de service à qui l'exploitant écrit quand les envois échouent ;"
        " le service n'écrit à personne",
    ),
]
HtmlEstEchec = Annotated[
    Booleen,
    Field(
        description="Vrai : une réponse 2xx en `text/html` est un échec, car un pare-feu"
        " applicatif répond ainsi à la place du récepteur"
    ),
]


Signature = Annotated[
    SignatureWebhook,
    Field(
        description="`v1` : HMAC-SHA256, par un secret partagé ; `v1a` : Ed25519, que la clé"
        " publique vérifie, pour un récepteur dont la plateforme sert plusieurs clients"
    ),
]


class WebhookCreation(Entree):
    """Un abonnement à ouvrir."""

    url: UrlWebhook
    signature: Signature = SignatureWebhook.V1
    types: TypesEvenement = Field(default_factory=list)
    description: Libelle | None = Field(default=None, description="À quoi sert l'abonnement")
    contacts: Contacts = Field(default_factory=list)
    html_est_echec: HtmlEstEchec = True


class WebhookModification(Entree):
    """Ce qui change d'un abonnement ; une autre adresse est à vérifier de nouveau."""

    url: UrlWebhook = INCHANGE
    types: TypesEvenement = INCHANGE
    description: Libelle | None = INCHANGE
    contacts: Contacts = INCHANGE
    html_est_echec: HtmlEstEchec = INCHANGE


class Webhook(Ressource):
    """Un abonnement aux événements du service."""

    url: UrlWebhook
    types: TypesEvenement
    description: Libelle | None = Field(description="À quoi sert l'abonnement")
    contacts: Contacts
    html_est_echec: HtmlEstEchec
    statut: StatutWebhook = Field(json_schema_extra={"readOnly": True})
    motif_desactivation: MotifDesactivation | None = Field(
        json_schema_extra={"readOnly": True}, description="Nul tant que le service envoie"
    )
    desactive_le: Instant | None = Field(
        json_schema_extra={"readOnly": True}, description="Depuis quand le service n'envoie plus"
    )
    echec_depuis_le: Instant | None = Field(
        json_schema_extra={"readOnly": True},
        description="Premier échec depuis le dernier succès ; cinq jours après, désactivation",
    )
    signature: Signature = Field(json_schema_extra={"readOnly": True})
    secret: str | None = Field(
        max_length=60,
        json_schema_extra={"readOnly": True},
        description="Secret de signature `whsec_…` de `v1`, montré une fois : à la création et au"
        " renouvellement ; nul ensuite, et de `v1a`",
    )
    cle_publique: str | None = Field(
        max_length=60,
        json_schema_extra={"readOnly": True},
        description="Clé `whpk_…` qui vérifie `v1a`, celle en usage ; nulle de `v1`",
    )
    secret_precedent_fin_le: Instant | None = Field(
        json_schema_extra={"readOnly": True},
        description="Fin de la double signature après un renouvellement",
    )
    client_id: Code = Field(
        json_schema_extra={"readOnly": True}, description="Client OAuth qui l'a ouvert"
    )


class PageWebhooks(Page[Webhook]):
    """Une page des abonnements."""


class TentativeLivraison(Modele):
    """Une tentative de livraison ; ce que le récepteur a répondu n'est pas gardé."""

    tentee_le: Instant = Field(description="Instant de l'envoi")
    issue: IssueTentative
    statut_http: Annotated[int, Field(ge=100, le=999)] | None = Field(
        description="Statut HTTP reçu ; nul si rien n'a répondu"
    )
    duree_ms: Entier = Field(description="Durée, en millisecondes")


class LivraisonWebhook(Modele):
    """La livraison d'un événement à un abonnement."""

    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="Identifiant opaque")
    evenement_id: Identifiant = Field(description="L'événement : c'est `webhook-id`")
    type: str = Field(max_length=TYPE_MAX, description="Type de l'événement")
    survenu_le: Instant = Field(description="Instant de l'événement")
    statut: StatutLivraison
    prochaine_le: Instant | None = Field(
        description="Prochaine tentative au plus tôt ; nul quand il n'y en a plus"
    )
    nombre_tentatives: Entier = Field(description="Tentatives faites, rejeux compris")
    tentatives: list[TentativeLivraison] = Field(
        max_length=TENTATIVES_MAX, description="Les dernières tentatives, la plus ancienne d'abord"
    )
    cree_le: Instant = Field(
        json_schema_extra={"readOnly": True}, description="Mise en file de la livraison"
    )


class PageLivraisonsWebhook(Page[LivraisonWebhook]):
    """Une page du journal des livraisons d'un abonnement."""


class RejeuWebhookCommande(Entree):
    """Ce qui est à renvoyer : ce qui est survenu de `depuis` à `jusqu_a`, bornes comprises."""

    depuis: Instant = Field(description="Premier instant des événements")
    jusqu_a: Instant | None = Field(
        default=None, description="Dernier instant des événements ; nul : maintenant"
    )
    statut: StatutLivraison | None = Field(
        default=None, description="Celles de ce statut seulement ; nul : toutes"
    )


class RejeuWebhook(Modele):
    """Ce qui a été remis en file."""

    webhook_id: Identifiant
    nombre: Entier = Field(description="Livraisons remises en file")
    dernier_survenu_le: Instant | None = Field(
        description="Instant du dernier événement remis en file ; nul s'il n'y en a pas"
    )
    incomplet: Booleen = Field(
        description="Vrai : la borne d'un rejeu est atteinte ; la demande suivante prend"
        " `dernier_survenu_le` pour `depuis`"
    )


class DonneesEvenement(Modele):
    """Ce qu'un événement désigne ; tout le reste se lit dans la ressource, avec ses droits."""

    collectivite: CodeCollectivite
    ressource: str = Field(max_length=40, description="Collection de la ressource")
    id: Identifiant = Field(json_schema_extra={"readOnly": True}, description="La ressource")
    version: Version = Field(json_schema_extra={"readOnly": True})
    operation: Operation


class EvenementWebhook(Modele):
    """Le corps d'un webhook, 4 Kio au plus : des identifiants, aucune donnée personnelle."""

    type: TypeEvenement
    timestamp: Instant = Field(description="Instant du fait")
    data: DonneesEvenement
