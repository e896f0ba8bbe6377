"""Tables that every service has, and the types and columns that all tables share.

Each table is keyed by `collectivite`, so that a foreign key cannot cross two of them, and is
put under row-level security by its migration (`shared/socle/migrations.py`).
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped
from sqlalchemy.types import UserDefinedType

from shared.schemas.bac_a_sable import ProblemeProvoque
from shared.schemas.commun import Operation
from shared.schemas.exports import StatutExport
from shared.schemas.imports import StatutImport, StatutLigne
from shared.schemas.webhooks import MotifDesactivation, StatutLivraison, StatutWebhook
from shared.socle.dictionnaire import AUCUNE, CHIFFREE, INDIRECTE, colonne, fiche

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TYPES: dict[Any, Any] = {
    str: Text(),
    int: BigInteger(),  # a 32-bit column of cents stops at 21 474 836,47 €
    bytes: LargeBinary(),
    date: Date(),
    datetime: TIMESTAMP(timezone=True),
    UUID: Uuid(),
    dict[str, Any]: JSONB(),
    list[Any]: JSONB(),
}


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, written by the server, compared by it."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class Cloisonnee:
    """What a row of any collectivité begins with."""

    collectivite: Mapped[str] = colonne(
        "Département à qui est la ligne, ex. 35D : la cloison",
        AUCUNE,
        source="jeton de l'appelant",
        primary_key=True,
        sort_order=-2,  # first of every key
    )


class Ecrite:
    """When a row was written."""

    cree_le: Mapped[datetime] = colonne(
        "Écriture de la ligne", AUCUNE, source="horloge de la base", server_default=text("now()")
    )


class Modifiee:
    """When a row was last changed."""

    modifie_le: Mapped[datetime] = colonne(
        "Dernier changement", AUCUNE, source="horloge de la base", server_default=text("now()")
    )


class Cle(Cloisonnee):
    """The key of a row: its collectivité, then its id."""

    id: Mapped[UUID] = colonne(
        "Identifiant opaque", source="service", primary_key=True, sort_order=-1
    )


class Changeante(Ecrite, Modifiee):
    """A resource that changes: its version is its ETag."""

    version: Mapped[int] = colonne(
        "Version, que rend ETag : 1, puis un de plus à chaque changement",
        AUCUNE,
        source="service",
        unite="rang",
        server_default=text("1"),
    )


class Versionnee(Changeante, Cle):
    """A resource that changes, found by its id."""


class Base(DeclarativeBase):
    """Metadata of the common tables; each service has one of its own beside it."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = TYPES


class Collectivite(Changeante, Cloisonnee, Base):
    """The département that the service works for, and what is local to it.

    Codes, labels and time zones are public: every tenant's row may be read, so that the worker
    knows whom to work for; only its own may be written.
    """

    __tablename__ = "collectivite"
    __table_args__ = fiche(
        "Un département servi et ce qui lui est propre ; toutes les collectivités la lisent",
        source="département : POST /v1/collectivites",
    )

    libelle: Mapped[str] = colonne("Nom du département")
    ideparte: Mapped[str] = colonne("Code du département dans les flux CAF/MSA (IDEPARTE), ex. 035")
    fuseau: Mapped[str] = colonne("Fuseau IANA où se comptent les jours civils, ex. Europe/Paris")
    delais: Mapped[list[Any]] = colonne(
        "Délais locaux, des objectifs affichés : code, duree, unite, source ; depuis, depart, fin,"
        " territoire, communes"
    )
    avis_ep_avant_reorientation: Mapped[bool] = colonne(
        "Vrai : l'équipe pluridisciplinaire est consultée avant une réorientation",
        server_default=text("false"),
    )


class Idempotence(Ecrite, Cloisonnee, Base):
    """One command of one client, and the answer it got."""

    __tablename__ = "idempotence"
    __table_args__ = fiche(
        "Une commande d'un client et la réponse qu'elle a reçue, rendue telle quelle à la même clé",
        source="la commande",
        conserve="{IDEMPOTENCE_JOURS} jours après la commande",
    )

    client_id: Mapped[str] = colonne("Client OAuth qui commande", source="jeton", primary_key=True)
    methode: Mapped[str] = colonne("Méthode HTTP", primary_key=True)
    route: Mapped[str] = colonne("Gabarit de la route, sans identifiant", primary_key=True)
    cle: Mapped[str] = colonne("Idempotency-Key, choisie par le client", primary_key=True)
    empreinte: Mapped[bytes] = colonne(
        "SHA-256 du chemin et du corps : distingue deux usages d'une clé", INDIRECTE
    )
    statut: Mapped[int | None] = colonne(
        "Statut de la réponse", source="service", unite="statut HTTP"
    )
    entetes: Mapped[dict[str, Any] | None] = colonne(
        "En-têtes de la réponse, dont Location et ETag", INDIRECTE, source="service"
    )
    corps: Mapped[bytes | None] = colonne(
        "Corps de la réponse, scellé (AES-256-GCM)", CHIFFREE, source="service"
    )


class Evenement(Cloisonnee, Base):
    """The change feed, append-only, and who caused each change.

    Read below `pg_snapshot_xmin` and ordered by (xid, seq): a `bigserial` alone would let a slow
    transaction commit behind a reader for ever.
    """

    __tablename__ = "evenement"
    __table_args__ = (
        Index(None, "collectivite", "xid", "seq"),
        fiche(
            "Un fait du fil des changements, jamais modifié : des identifiants, aucun contenu",
            source="service, dans la transaction du fait",
            conserve="{CHANGEMENTS_JOURS} jours après le fait",
        ),
    )

    seq: Mapped[int] = colonne(
        "Ordre d'écriture", AUCUNE, Identity(always=True), unite="rang", primary_key=True
    )
    xid: Mapped[int] = colonne(
        "Place du fait : sa transaction, ou une postérieure ; le fil se lit par (xid, seq)",
        AUCUNE,
        Xid8(),
        unite="numéro de transaction",
        server_default=text("pg_current_xact_id()"),
    )
    evenement_id: Mapped[UUID] = colonne("Identifiant du fait")
    type: Mapped[str] = colonne("Nature du fait, ex. orientation.orientation.ouverte")
    ressource: Mapped[str] = colonne("Collection de la ressource, comme dans son chemin")
    id: Mapped[UUID] = colonne("Ressource concernée", INDIRECTE)
    version: Mapped[int] = colonne("Version de la ressource après le fait", unite="rang")
    operation: Mapped[str] = colonne("Ce qui lui est arrivé", codes=Operation)
    survenu_le: Mapped[datetime] = colonne(
        "Instant du fait", server_default=text("clock_timestamp()")
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a causé, le premier de la chaîne")
    trace: Mapped[str] = colonne("Trace W3C de la requête", source="en-tête traceparent")
    lot_id: Mapped[UUID | None] = colonne(
        "Travail qui l'a causé avec d'autres (un import) : les webhooks n'annoncent que le travail"
    )


class Suivi(Modifiee, Cloisonnee, Base):
    """How far this service has followed a sibling's feed."""

    __tablename__ = "suivi"
    __table_args__ = fiche(
        "Jusqu'où ce service a suivi le fil d'un voisin", source="fil du service voisin"
    )

    source: Mapped[str] = colonne("Service voisin, ex. orientation", primary_key=True)
    position: Mapped[str] = colonne("Curseur de la prochaine page à lire, signé par le voisin")


class Quota(Cloisonnee, Base):
    """How many requests of a class a client has made since its window opened."""

    __tablename__ = "quota"
    __table_args__ = fiche(
        "Les requêtes d'une classe qu'un client a faites dans la fenêtre en cours",
        source="service",
        conserve="{_QUOTAS_JOURS} jour après l'ouverture de la fenêtre",
    )

    client_id: Mapped[str] = colonne("Client OAuth compté", source="jeton", primary_key=True)
    classe: Mapped[str] = colonne("Classe de requêtes, comme dans RateLimit", primary_key=True)
    ouvert_le: Mapped[datetime] = colonne("Ouverture de la fenêtre, par sa première requête")
    nombre: Mapped[int] = colonne("Requêtes depuis l'ouverture", unite="requêtes")


class Webhook(Versionnee, Base):
    """A subscription to the facts of the service."""

    __tablename__ = "webhook"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Un abonnement aux faits du service, livrés au récepteur d'un partenaire",
            source="partenaire : POST /v1/webhooks",
        ),
    )

    client_id: Mapped[str] = colonne("Client OAuth qui l'a ouvert", source="jeton")
    url: Mapped[str] = colonne("Adresse du récepteur")
    types: Mapped[list[Any]] = colonne("Types de faits livrés ; vide : tous")
    description: Mapped[str | None] = colonne("À quoi sert l'abonnement")
    contacts: Mapped[list[Any]] = colonne("Boîtes de service du partenaire, à prévenir", INDIRECTE)
    html_est_echec: Mapped[bool] = colonne("Vrai : une réponse 2xx en HTML est un échec")
    statut: Mapped[str] = colonne("Où il en est", source="service", codes=StatutWebhook)
    motif_desactivation: Mapped[str | None] = colonne(
        "Pourquoi le service a cessé d'envoyer", source="service", codes=MotifDesactivation
    )
    desactive_le: Mapped[datetime | None] = colonne("Fin des envois", source="service")
    echec_depuis_le: Mapped[datetime | None] = colonne(
        "Premier échec depuis le dernier succès", source="service"
    )
    secret: Mapped[bytes] = colonne(
        "Secret de signature, scellé (AES-256-GCM)", CHIFFREE, source="service"
    )
    cle_publique: Mapped[str | None] = colonne(
        "Clé publique du secret, s'il signe en Ed25519 ; nulle : il signe en HMAC-SHA256",
        source="service",
    )
    secret_precedent: Mapped[bytes | None] = colonne(
        "Secret d'avant le dernier renouvellement, scellé", CHIFFREE, source="service"
    )
    secret_precedent_fin_le: Mapped[datetime | None] = colonne(
        "Fin de la signature par le secret précédent", source="service"
    )
    debut_xid: Mapped[int | None] = colonne(
        "Première transaction livrée : celle de l'activation ; nulle avant elle",
        AUCUNE,
        Xid8(),
        source="service",
        unite="numéro de transaction",
    )
    debut_le: Mapped[datetime | None] = colonne(
        "Activation : ce qui la remplace dans une base restaurée, où les transactions se"
        " renumérotent ; nulle avant elle",
        source="service",
    )


class WebhookLivraison(Cle, Ecrite, Base):
    """A fact on its way to one subscription: the queue, and the log of it."""

    __tablename__ = "webhook_livraison"
    __table_args__ = (
        ForeignKeyConstraint(
            ["collectivite", "webhook_id"],
            ["webhook.collectivite", "webhook.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("collectivite", "webhook_id", "evenement_id"),
        Index(None, "collectivite", "webhook_id", "cree_le", "id"),
        Index(None, "collectivite", "webhook_id", "statut", "cree_le", "id"),
        Index(None, "collectivite", "webhook_id", "survenu_le"),
        Index(None, "collectivite", "cree_le"),
        Index(
            "ix_webhook_livraison_en_attente",
            "collectivite",
            "webhook_id",
            "prochaine_le",
            "id",
            postgresql_where=text("statut = 'en_attente'"),
        ),
        # Few rows each, among all those that wait: what each take and each round count.
        Index(
            "ix_webhook_livraison_en_vol",
            "collectivite",
            "webhook_id",
            "prise_jusqu_a",
            postgresql_where=text("statut = 'en_attente' AND prise_jusqu_a IS NOT NULL"),
        ),
        Index(
            "ix_webhook_livraison_defi",
            "collectivite",
            "webhook_id",
            "prochaine_le",
            postgresql_where=text("statut = 'en_attente' AND type = 'endpoint.verification'"),
        ),
        fiche(
            "Un fait à livrer à un abonnement, ou livré : la file et le journal des envois",
            source="service",
            conserve="{LIVRAISONS_JOURS} jours après la mise en file",
        ),
    )

    webhook_id: Mapped[UUID] = colonne("Abonnement")
    evenement_id: Mapped[UUID] = colonne("Fait du fil, ou vérification : c'est `webhook-id`")
    type: Mapped[str] = colonne("Nature du fait, ex. orientation.orientation.ouverte")
    survenu_le: Mapped[datetime] = colonne("Instant du fait")
    corps: Mapped[str] = colonne("Corps envoyé et signé, le même à chaque tentative", INDIRECTE)
    trace: Mapped[str] = colonne("Trace W3C de la requête qui l'a causé")
    statut: Mapped[str] = colonne("Où en est la livraison", codes=StatutLivraison)
    rang: Mapped[int] = colonne(
        "Tentatives faites depuis la mise en file ou le rejeu", unite="rang"
    )
    prochaine_le: Mapped[datetime | None] = colonne("Prochaine tentative, au plus tôt")
    prise_jusqu_a: Mapped[datetime | None] = colonne(
        "Fin du bail du travailleur qui l'envoie ; après elle, un autre la reprend"
    )
    nombre_tentatives: Mapped[int] = colonne(
        "Tentatives faites, rejeux compris", unite="tentatives"
    )
    tentatives: Mapped[list[Any]] = colonne(
        "Dernières tentatives : instant, issue, statut HTTP, durée ; jamais la réponse"
    )


class WebhookPosition(Modifiee, Cloisonnee, Base):
    """How far the feed was turned into deliveries, once for all subscriptions."""

    __tablename__ = "webhook_position"
    __table_args__ = fiche(
        "Jusqu'où le fil du service a été mis en file pour ses abonnements", source="service"
    )

    epoque: Mapped[UUID] = colonne("Vie de la base où la position a un sens")
    xid: Mapped[int] = colonne(
        "Place du dernier fait mis en file", AUCUNE, Xid8(), unite="numéro de transaction"
    )
    seq: Mapped[int] = colonne("Ordre d'écriture du dernier fait mis en file", unite="rang")


class Export(Versionnee, Base):
    """A snapshot of one list, as its client sees it: what is asked, and what came of it."""

    __tablename__ = "export"
    __table_args__ = (
        Index(None, "collectivite", "client_id", "cree_le", "id"),
        fiche(
            "Un export d'une liste, demandé par un client et pour lui seul ; ses fichiers sont dans"
            " export_fichier",
            source="service",
            conserve="{EXPORTS_JOURS} jour après la demande",
        ),
    )

    client_id: Mapped[str] = colonne("Client OAuth qui l'a demandé, seul à le voir", source="jeton")
    portees: Mapped[list[Any]] = colonne(
        "Portées de lecture du jeton : ce que les fichiers montrent", source="jeton"
    )
    type: Mapped[str] = colonne("Liste exportée", source="appelant")
    filtre: Mapped[list[Any]] = colonne(
        "Filtres de la liste : champ, valeurs", INDIRECTE, source="appelant"
    )
    depuis: Mapped[str | None] = colonne(
        "Curseur du fil après lequel l'export prend ; vide : tout", source="appelant"
    )
    statut: Mapped[str] = colonne("Où il en est", codes=StatutExport)
    instant_reference: Mapped[datetime | None] = colonne("Instant que montrent ses fichiers")
    curseur_changements: Mapped[str | None] = colonne(
        "Position du fil à cet instant, signée : ce qui change ensuite se lit de là"
    )
    erreurs: Mapped[list[Any]] = colonne("Pourquoi il a échoué : code, jamais une valeur")
    termine_le: Mapped[datetime | None] = colonne("Fin du travail, réussi ou non")
    expire_le: Mapped[datetime | None] = colonne("Dès quand ses fichiers ne se lisent plus")
    supprime_le: Mapped[datetime | None] = colonne("Suppression par son client : introuvable")


class ExportFichier(Cloisonnee, Base):
    """A file of an export, told once it is whole."""

    __tablename__ = "export_fichier"
    __table_args__ = (
        ForeignKeyConstraint(
            ["collectivite", "export_id"],
            ["export.collectivite", "export.id"],
            ondelete="CASCADE",
        ),
        fiche(
            "Un fichier d'un export ; ses octets sont dans export_morceau",
            source="service",
            conserve="{EXPORTS_JOURS} jour après la demande",
        ),
    )

    export_id: Mapped[UUID] = colonne("Export", primary_key=True)
    rang: Mapped[int] = colonne("Rang du fichier, de 1", unite="rang", primary_key=True)
    supprimes: Mapped[bool] = colonne("Vrai : il dit ce qui n'est plus à garder")
    nombre: Mapped[int] = colonne("Lignes du fichier", unite="lignes")
    octets: Mapped[int] = colonne("Taille du fichier", unite="octets")
    empreinte: Mapped[bytes] = colonne("SHA-256 du fichier")


class ExportMorceau(Cloisonnee, Base):
    """A piece of a file of an export, sealed."""

    __tablename__ = "export_morceau"
    __table_args__ = (
        ForeignKeyConstraint(
            ["collectivite", "export_id"],
            ["export.collectivite", "export.id"],
            ondelete="CASCADE",
        ),
        fiche(
            "Un morceau d'un fichier d'un export",
            source="service",
            conserve="jusqu'à {FICHIERS_EXPORT_H} heures après la fin de l'export, ou sa"
            " suppression",
        ),
    )

    export_id: Mapped[UUID] = colonne("Export", primary_key=True)
    rang: Mapped[int] = colonne("Rang du fichier, de 1", unite="rang", primary_key=True)
    numero: Mapped[int] = colonne("Place du morceau, de 0", unite="rang", primary_key=True)
    octets: Mapped[bytes] = colonne("Octets du fichier, scellés (AES-256-GCM)", CHIFFREE)


class ImportLignes(Versionnee, Base):
    """A file of lines received, and how far it was applied."""

    __tablename__ = "import_lignes"
    __table_args__ = (
        Index(None, "collectivite", "client_id", "cree_le", "id"),
        Index(None, "collectivite", "recu_le"),
        fiche("Un fichier NDJSON reçu et l'avancement de son application", source="service"),
    )

    type: Mapped[str] = colonne("Ce que sont ses lignes", source="appelant")
    statut: Mapped[str] = colonne("Où en est l'application", codes=StatutImport)
    essai: Mapped[bool] = colonne("Vrai : tout est vérifié, rien n'est écrit", source="appelant")
    empreinte: Mapped[bytes] = colonne("SHA-256 du fichier reçu, décompressé")
    taille_octets: Mapped[int] = colonne("Taille du fichier reçu, décompressé")
    recu_le: Mapped[datetime] = colonne("Réception du fichier")
    demarre_le: Mapped[datetime | None] = colonne("Début de l'application")
    termine_le: Mapped[datetime | None] = colonne("Fin de l'application, réussie ou non")
    lignes_traitees: Mapped[int] = colonne(
        "Lignes déjà traitées : l'application reprend après elles",
        unite="lignes",
        server_default=text("0"),
    )
    compteurs: Mapped[dict[str, Any]] = colonne("Nombre de lignes par issue (CompteursLignes)")
    probleme: Mapped[dict[str, Any] | None] = colonne(
        "Pourquoi l'application a échoué : un code, jamais une valeur"
    )
    client_id: Mapped[str] = colonne(
        "Client OAuth qui a déposé, le seul à voir l'import", source="jeton"
    )
    portees: Mapped[list[Any]] = colonne(
        "Portées du jeton qui a déposé : chaque ligne a ces droits, et pas d'autres",
        source="jeton",
    )


class ImportLignesMorceau(Cloisonnee, Base):
    """A piece of a file of lines, sealed; removed when the file was applied."""

    __tablename__ = "import_lignes_morceau"
    __table_args__ = (
        ForeignKeyConstraint(
            ["collectivite", "import_id"], ["import_lignes.collectivite", "import_lignes.id"]
        ),
        fiche(
            "Un morceau d'un fichier de lignes",
            source="le fichier déposé",
            conserve="jusqu'à la fin de l'application, et {IMPORTS_JOURS} jours au plus",
        ),
    )

    import_id: Mapped[UUID] = colonne("Import", source="service", primary_key=True)
    numero: Mapped[int] = colonne(
        "Place du morceau, de 0", source="service", unite="rang", primary_key=True
    )
    octets: Mapped[bytes] = colonne("Octets du fichier, scellés (AES-256-GCM)", CHIFFREE)


class ImportLignesResultat(Cloisonnee, Base):
    """What became of one line: written in the transaction of its effect, hence once."""

    __tablename__ = "import_lignes_resultat"
    __table_args__ = (
        ForeignKeyConstraint(
            ["collectivite", "import_id"], ["import_lignes.collectivite", "import_lignes.id"]
        ),
        fiche(
            "Le sort d'une ligne d'un fichier, sans aucune de ses valeurs",
            source="service, dans la transaction de la ligne",
            conserve="{IMPORTS_JOURS} jours après la fin de l'application",
        ),
    )

    import_id: Mapped[UUID] = colonne("Import", primary_key=True)
    ligne: Mapped[int] = colonne("Rang de la ligne, de 1", unite="rang", primary_key=True)
    ligne_cle: Mapped[str | None] = colonne(
        "Clé de la ligne dans son fichier ; vide : illisible", source="appelant"
    )
    statut: Mapped[str] = colonne("Ce que la ligne est devenue", codes=StatutLigne)
    ressource_id: Mapped[UUID | None] = colonne(
        "Ressource créée, modifiée ou retrouvée ; vide : refusée", INDIRECTE
    )
    probleme: Mapped[dict[str, Any] | None] = colonne(
        "Pourquoi elle est refusée : code et champs, jamais une valeur"
    )


class ImportReference(Ecrite, Cloisonnee, Base):
    """What a partner's key stands for: the same line is the same resource, whatever its file."""

    __tablename__ = "import_reference"
    __table_args__ = fiche(
        "La ressource qu'une référence externe désigne depuis un import",
        source="service, dans la transaction de la ligne",
        donnee=INDIRECTE,
    )

    client_id: Mapped[str] = colonne(
        "Client OAuth à qui est la clé", source="jeton", primary_key=True
    )
    type: Mapped[str] = colonne("Type de ligne, comme dans import_lignes", primary_key=True)
    reference_externe: Mapped[str] = colonne(
        "Clé du partenaire, unique pour lui et ce type", source="appelant", primary_key=True
    )
    ressource_id: Mapped[UUID] = colonne("La ressource")
    empreinte: Mapped[bytes] = colonne(
        "HMAC de la dernière ligne appliquée : la même ne change rien", CHIFFREE
    )


class Epoque(Base):
    """One row: the life of this database. A restored one must take another.

    Transaction ids restart in a restored server: a cursor of another epoch is refused.
    """

    __tablename__ = "epoque"
    __table_args__ = fiche(
        "La vie de cette base : une base restaurée en prend une autre", source="base"
    )

    epoque: Mapped[UUID] = colonne(
        "Inscrite dans les curseurs : ceux d'une autre époque sont refusés",
        primary_key=True,
        server_default=text("gen_random_uuid()"),
    )


class VersionReferentiel(Base):
    """One state of a coded list, from when the database first met it until another took its place.

    Public, the same for every tenant; written by the migrations alone.
    """

    __tablename__ = "version_referentiel"
    __table_args__ = (
        Index(None, "nom", unique=True, postgresql_where=text("remplacee_le IS NULL")),
        Index(None, "nom", "en_vigueur_le", "id"),
        fiche(
            "Un état d'une liste de codes, et la période où le service l'a appliqué",
            source="le code de la version installée, à sa migration",
        ),
    )

    id: Mapped[UUID] = colonne(
        "Identifiant de cet état", primary_key=True, server_default=text("gen_random_uuid()")
    )
    nom: Mapped[str] = colonne("Nom de la liste, ex. freins")
    version_codes: Mapped[str] = colonne("Début du SHA-256 de son contenu")
    sens: Mapped[str] = colonne("Ce que la liste contient, en une phrase")
    colonne_code: Mapped[str] = colonne("Colonne de ses lignes qui dit le code")
    colonne_libelle: Mapped[str] = colonne("Colonne de ses lignes qui dit le libellé")
    contenu: Mapped[list[Any]] = colonne("Ses lignes, colonne par colonne")
    ajoutes: Mapped[list[Any]] = colonne("Codes que l'état précédent n'avait pas")
    retires: Mapped[list[Any]] = colonne("Codes de l'état précédent qui n'y sont plus")
    modifies: Mapped[list[Any]] = colonne("Codes dont une autre colonne a changé")
    en_vigueur_le: Mapped[datetime] = colonne(
        "Depuis quand il s'applique", server_default=text("now()")
    )
    remplacee_le: Mapped[datetime | None] = colonne("Quand un autre l'a remplacé ; vide : courant")


class HorlogeDeTest(Ecrite, Cle, Base):
    """A move of the sandbox's clock; the furthest one counts, for it only goes forward."""

    __tablename__ = "horloge_de_test"
    __table_args__ = (
        Index(None, "collectivite", "cree_le", "id"),
        fiche(
            "Un déplacement de l'horloge du bac à sable ; vide ailleurs",
            source="partenaire : POST /v1/horloges-de-test",
        ),
    )

    client_id: Mapped[str] = colonne("Client OAuth qui l'a déplacée", source="jeton")
    instant: Mapped[datetime] = colonne("Ce que l'horloge a donné, une fois déplacée")
    decalage_s: Mapped[int] = colonne(
        "Secondes à ajouter à l'heure réelle", source="service", unite="secondes"
    )


class PanneDeTest(Versionnee, Base):
    """A fault that a client of the sandbox asked for, and how many calls it still spoils."""

    __tablename__ = "panne_de_test"
    __table_args__ = (
        Index(None, "collectivite", "client_id", "cree_le", "id"),
        fiche(
            "Une panne provoquée au bac à sable ; vide ailleurs",
            source="partenaire : POST /v1/pannes-de-test",
        ),
    )

    client_id: Mapped[str] = colonne("Client OAuth dont les appels répondent", source="jeton")
    code: Mapped[str] = colonne("Problème répondu", codes=ProblemeProvoque)
    appels: Mapped[int] = colonne("Appels qui répondent ainsi", unite="appels")
    restants: Mapped[int] = colonne(
        "Ceux qui n'ont pas encore eu lieu", source="service", unite="appels"
    )
    operation: Mapped[str | None] = colonne("Opération visée ; vide : toutes")
    latence_ms: Mapped[int] = colonne("Attente avant la réponse", unite="millisecondes")
    reprise_s: Mapped[int | None] = colonne("Retry-After ; vide : l'ordinaire", unite="secondes")
