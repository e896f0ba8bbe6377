"""Tables of orientation: who is to be oriented, by whom, on what grounds, and what was decided."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped

from services.orientation.echeances.rules import Palier
from services.orientation.flux.canonique import EtatDossier
from shared.schemas.orientation import (
    EtatDecision,
    ModeConvocation,
    ModeNotification,
    MotifAbsence,
    MotifContact,
    MotifDispense,
    MotifRefus,
    OrganismeDemande,
    OrigineOrientation,
    PresenceAccueil,
    SourceCriteres,
    StatutAccueil,
    StatutConvocation,
    StatutImport,
    StatutLigne,
    StatutOrientation,
    StatutPlace,
    TypeAccueil,
    TypeContact,
    TypeImport,
    TypeLieu,
    TypeOrganisme,
    TypeParcours,
)
from shared.socle.dictionnaire import (
    AUCUNE,
    CHIFFREE,
    IDENTIFIANTE,
    INDIRECTE,
    SANTE,
    colonne,
    fiche,
)
from shared.socle.tables import CONVENTION, TYPES, Cle, Cloisonnee, Ecrite, Versionnee


class Base(DeclarativeBase):
    """Metadata of this service's tables."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = TYPES


class OrganismeReferent(Versionnee, Base):
    """An organisme that may be référent, where, since when, and which clients speak for it."""

    __tablename__ = "organisme_referent"
    __table_args__ = (
        Index(None, "collectivite", "reference", unique=True),
        fiche(
            "Un organisme qui peut être référent, où, quand, et qui parle pour lui",
            source="département : POST /v1/organismes-referents",
        ),
    )

    reference: Mapped[str] = colonne("Code de l'organisme dans la collectivité, ex. cd-35")
    type: Mapped[str] = colonne("Type d'organisme (L5411-5-1 IV)", codes=TypeOrganisme)
    nom: Mapped[str] = colonne("Nom de l'organisme, une personne morale")
    communes: Mapped[list[Any]] = colonne(
        "Codes Insee des communes servies ; liste vide : toute la collectivité"
    )
    date_debut: Mapped[date | None] = colonne("Premier jour où il peut être désigné")
    date_fin: Mapped[date | None] = colonne("Dernier jour où il peut être désigné")
    convention_debut: Mapped[date | None] = colonne("Début de la convention d'un délégataire")
    convention_fin: Mapped[date | None] = colonne("Fin de la convention d'un délégataire")
    delegation_debut: Mapped[date | None] = colonne(
        "Début de la délégation de la décision à France Travail (L5411-5-1 II 2°)"
    )
    delegation_fin: Mapped[date | None] = colonne("Fin de cette délégation")
    clients: Mapped[list[Any]] = colonne("Clients OAuth qui parlent pour cet organisme")
    places: Mapped[int | None] = colonne(
        "Personnes qu'il peut accompagner à la fois ; vide : aucune borne dite", unite="personnes"
    )
    source: Mapped[str | None] = colonne("D'où vient ce qui est dit de l'organisme")
    illustratif: Mapped[bool] = colonne("Vrai : inventé pour démonstration")


class Dossier(Versionnee, Base):
    """A RSA household, as the last flux told it."""

    __tablename__ = "dossier"
    __table_args__ = (
        Index(None, "collectivite", "cle", unique=True),
        fiche(
            "Un foyer du RSA, tel que le dernier flux l'a décrit",
            source="flux CAF/MSA",
            donnee=INDIRECTE,
        ),
    )

    cle: Mapped[str] = colonne(
        "Numéro de demande de RSA ; à défaut organisme payeur et matricule",
        IDENTIFIANTE,
        source="flux : NUMDEMRSA, ou FONORG/NUMORG/MATRICULE",
    )
    organisme_payeur: Mapped[str] = colonne(
        "Caisse qui paie, ex. CAF/351", source="flux : FONORG/NUMORG"
    )
    matricule: Mapped[str] = colonne(
        "Numéro d'allocataire, normalisé", IDENTIFIANTE, source="flux : MATRICULE"
    )
    etat: Mapped[str] = colonne("État du dossier", source="flux : ETATDOSRSA", codes=EtatDossier)
    commune: Mapped[str | None] = colonne(
        "Code Insee de la commune du foyer", source="flux : adresse (COMMUNE)"
    )
    personnes_a_charge: Mapped[int] = colonne(
        "Personnes à charge au sens du RSA", source="flux : TOPCHAPERS", unite="personnes"
    )
    empreinte: Mapped[bytes] = colonne(
        "SHA-256 du foyer lu : le même foyer, relu, ne change rien", source="service"
    )
    date_reference: Mapped[date] = colonne(
        "Jour de référence du flux qui l'a décrit", source="flux : DTREF"
    )


class Personne(Versionnee, Base):
    """A person. The NIR is sealed and found by its keyed digest; it never leaves."""

    __tablename__ = "personne"
    __table_args__ = (
        Index(None, "collectivite", "nir_empreinte", unique=True),
        Index(None, "collectivite", "identite_empreinte"),
        Index(None, "collectivite", "dossier_id", "role"),
        Index(
            "uq_personne_reference_externe",
            "collectivite",
            "client_id",
            "reference_externe",
            unique=True,
        ),
        ForeignKeyConstraint(
            ["collectivite", "dossier_id"], ["dossier.collectivite", "dossier.id"]
        ),
        fiche(
            "Une personne à orienter, ou demandeur ou conjoint d'un foyer du RSA",
            source="flux CAF/MSA, ou POST /v1/personnes",
            donnee=INDIRECTE,
        ),
    )

    reference_externe: Mapped[str | None] = colonne(
        "Identifiant de la personne chez le client", IDENTIFIANTE, source="POST /v1/personnes"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a enregistrée", AUCUNE, source="jeton")
    dossier_id: Mapped[UUID | None] = colonne("Foyer ; vide : hors flux", source="service")
    role: Mapped[str | None] = colonne(
        "Rôle dans le foyer pour le RSA, ex. DEM, CJT", source="flux : ROLEPERS"
    )
    nom: Mapped[str] = colonne(
        "Nom d'usage", IDENTIFIANTE, source="flux : NOM, ou POST /v1/personnes"
    )
    nom_naissance: Mapped[str | None] = colonne(
        "Nom de naissance", IDENTIFIANTE, source="flux : NOMNAI, ou POST /v1/personnes"
    )
    prenoms: Mapped[str] = colonne(
        "Prénoms", IDENTIFIANTE, source="flux : PRENOM, PRENOM2, PRENOM3, ou POST /v1/personnes"
    )
    date_naissance: Mapped[date] = colonne(
        "Jour de naissance", IDENTIFIANTE, source="flux : DTNAI, ou POST /v1/personnes"
    )
    commune: Mapped[str | None] = colonne(
        "Code Insee de la commune de résidence",
        IDENTIFIANTE,
        source="flux : adresse du foyer (COMMUNE), ou POST /v1/personnes",
    )
    beneficiaire_rsa: Mapped[bool] = colonne("Vrai : bénéficiaire du RSA ; venue du flux, toujours")
    droits_devoirs: Mapped[bool] = colonne(
        "Vrai : soumise aux droits et devoirs (CASF L262-28)",
        source="flux : TOPPERSDRODEVORSA, ou POST /v1/personnes",
    )
    nir_scelle: Mapped[bytes | None] = colonne(
        "NIR scellé (AES-256-GCM) ; jamais rendu",
        CHIFFREE,
        source="flux : NIR, ou POST /v1/personnes",
    )
    nir_empreinte: Mapped[bytes | None] = colonne(
        "Empreinte du NIR (HMAC-SHA-256 sous la clé du service), qui retrouve sans révéler",
        CHIFFREE,
        source="service",
    )
    identite_empreinte: Mapped[bytes] = colonne(
        "Empreinte de nom, prénoms et naissance (HMAC-SHA-256 sous la clé du service)",
        CHIFFREE,
        source="service",
    )


class Import(Versionnee, Base):
    """A file received, and how far its reading went."""

    __tablename__ = "import"
    __table_args__ = (
        Index(None, "collectivite", "empreinte"),
        fiche(
            "Un fichier reçu et l'avancement de sa lecture ; son contenu est dans import_morceau",
            source="service",
        ),
    )

    type: Mapped[str] = colonne("Ce que le fichier contient", source="appelant", codes=TypeImport)
    statut: Mapped[str] = colonne("Où en est la lecture", codes=StatutImport)
    empreinte: Mapped[bytes] = colonne("SHA-256 du fichier reçu")
    taille_octets: Mapped[int] = colonne("Taille du fichier reçu")
    recu_le: Mapped[datetime] = colonne("Réception : les six semaines courent de là")
    demarre_le: Mapped[datetime | None] = colonne("Début de la lecture")
    termine_le: Mapped[datetime | None] = colonne("Fin de la lecture, réussie ou non")
    cle_flux: Mapped[str | None] = colonne(
        "Ce qui identifie le flux : application, nature, création, département",
        source="flux : IdentificationFlux",
    )
    date_reference: Mapped[date | None] = colonne("Jour de référence", source="flux : DTREF")
    foyers_traites: Mapped[int] = colonne(
        "Foyers déjà écrits : la lecture reprend après eux",
        unite="foyers",
        server_default=text("0"),
    )
    compteurs: Mapped[dict[str, Any]] = colonne(
        "Nombre de foyers, de personnes et d'orientations par issue (CompteursImport)"
    )
    complet: Mapped[bool] = colonne(
        "Vrai : autant de foyers lus que le flux en annonce", server_default=text("false")
    )
    probleme: Mapped[dict[str, Any] | None] = colonne(
        "Pourquoi la lecture a échoué : code, ligne, champ, jamais une valeur"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui a déposé", source="jeton")


class ImportMorceau(Cloisonnee, Base):
    """A piece of a file, sealed; removed when the file was read."""

    __tablename__ = "import_morceau"
    __table_args__ = (
        ForeignKeyConstraint(["collectivite", "import_id"], ["import.collectivite", "import.id"]),
        fiche(
            "Un morceau d'un fichier reçu",
            source="le fichier déposé",
            conserve="jusqu'à la fin de la lecture, et {RESULTATS_JOURS} jours au plus",
        ),
    )

    import_id: Mapped[UUID] = colonne("Import", source="service", primary_key=True)
    numero: Mapped[int] = colonne(
        "Place du morceau, de 0", source="service", unite="rang", primary_key=True
    )
    octets: Mapped[bytes] = colonne("Octets du fichier, scellés (AES-256-GCM)", CHIFFREE)


class ImportResultat(Cloisonnee, Base):
    """What became of one foyer of a file: its line, and why it was refused if it was."""

    __tablename__ = "import_resultat"
    __table_args__ = (
        ForeignKeyConstraint(["collectivite", "import_id"], ["import.collectivite", "import.id"]),
        fiche(
            "Le sort d'un foyer d'un fichier, sans aucune de ses valeurs",
            source="service",
            conserve="{RESULTATS_JOURS} jours après la fin de la lecture",
        ),
    )

    import_id: Mapped[UUID] = colonne("Import", primary_key=True)
    numero: Mapped[int] = colonne(
        "Place du foyer dans le fichier, de 1", unite="rang", primary_key=True
    )
    ligne: Mapped[int] = colonne("Ligne du fichier où le foyer commence", unite="ligne")
    statut: Mapped[str] = colonne("Ce que le foyer est devenu", codes=StatutLigne)
    dossier_id: Mapped[UUID | None] = colonne("Dossier écrit ; vide : refusé", INDIRECTE)
    motif: Mapped[str | None] = colonne("Pourquoi il est refusé, dans une liste ouverte")
    champ: Mapped[str | None] = colonne("Élément du flux en cause, jamais sa valeur")
    avertissements: Mapped[list[Any]] = colonne("Éléments lus avec réserve, dans une liste ouverte")


class Orientation(Versionnee, Base):
    """An orientation to make, proposed, or decided."""

    __tablename__ = "orientation"
    __table_args__ = (
        # At most one open, and at most one to decide.
        Index(
            "uq_orientation_ouverte",
            "collectivite",
            "personne_id",
            unique=True,
            postgresql_where=text("statut = 'ouverte'"),
        ),
        Index(
            "uq_orientation_a_decider",
            "collectivite",
            "personne_id",
            unique=True,
            postgresql_where=text("statut IN ('brouillon', 'en_attente')"),
        ),
        Index(None, "collectivite", "cree_le", "id"),
        Index(None, "collectivite", "statut", "date_limite"),
        Index(None, "collectivite", "recu_le"),
        CheckConstraint(
            "statut IN ('brouillon', 'en_attente', 'ouverte', 'cloturee')", name="statut"
        ),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "L'orientation d'une personne : à faire, proposée, décidée, close",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID] = colonne("Personne à orienter")
    origine: Mapped[str] = colonne("Ce qui l'a ouverte", codes=OrigineOrientation)
    statut: Mapped[str] = colonne("Où elle en est", codes=StatutOrientation)
    demande: Mapped[str | None] = colonne(
        "Sans RSA : l'organisme à qui la personne s'est adressée",
        source="POST /v1/orientations",
        codes=OrganismeDemande,
    )
    recu_le: Mapped[datetime] = colonne(
        "Réception de l'information par les services : le délai court de là",
        source="import, ou POST /v1/orientations",
    )
    date_limite: Mapped[date] = colonne(
        "Dernier jour des six semaines (CASF D262-65-2)", source="service : référentiel delais"
    )
    criteres: Mapped[list[Any]] = colonne(
        "Critères en vigueur, {champ, valeur}, santé et handicap compris",
        SANTE,
        source="recueils, réunis par les règles",
        codes="criteres-orientation-api-france-travail",
    )
    proposition_id: Mapped[UUID | None] = colonne("Dernière proposition")
    decision_id: Mapped[UUID | None] = colonne("Décision qui l'a ouverte")
    type_parcours: Mapped[str | None] = colonne(
        "Type de parcours décidé", source="décision", codes=TypeParcours
    )
    organisme_referent_id: Mapped[UUID | None] = colonne(
        "Organisme référent décidé", source="décision"
    )
    date_effet: Mapped[date | None] = colonne("Jour où elle prend effet", source="décision")
    date_notification: Mapped[date | None] = colonne(
        "Date certaine : première réception de la décision (R5411-8-1)",
        source="POST /v1/orientations/{id}/notifications",
    )
    annulation_id: Mapped[UUID | None] = colonne("Acte qui a annulé la décision")


class RecueilCriteres(Ecrite, Cle, Base):
    """One statement of criteria: who said what, when. Never changed."""

    __tablename__ = "recueil_criteres"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Un énoncé de critères : qui a dit quoi, quand ; immuable",
            source="POST /v1/orientations/{id}/criteres",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation éclairée", source="appelant")
    criteres: Mapped[list[Any]] = colonne(
        "Critères énoncés, {champ, valeur}, santé et handicap compris",
        SANTE,
        codes="criteres-orientation-api-france-travail",
    )
    source: Mapped[str] = colonne("Qui les a énoncés", codes=SourceCriteres)
    date_recueil: Mapped[date] = colonne("Jour du recueil")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")


class Proposition(Ecrite, Cle, Base):
    """What the rules proposed, on which inputs, under which table. Never changed."""

    __tablename__ = "proposition"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Ce que les règles ont proposé, sur quelles entrées, sous quelles tables ; immuable",
            source="règles",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation", source="service")
    version_regles: Mapped[str] = colonne("Versions des tables appliquées")
    regle: Mapped[str] = colonne("Règle retenue, P0 à P7")
    type_parcours: Mapped[str | None] = colonne("Type de parcours proposé", codes=TypeParcours)
    organisme_referent_id: Mapped[UUID | None] = colonne("Organisme référent proposé")
    entrees: Mapped[dict[str, Any]] = colonne(
        "Tout ce qui permet de la rejouer : critères, situation, organismes, jour", SANTE
    )
    explication: Mapped[dict[str, Any]] = colonne(
        "Pourquoi : texte, règles, critères évalués, organismes écartés (Explication)", SANTE
    )


class Decision(Ecrite, Cle, Base):
    """A decision of orientation, by the competent authority. Never changed."""

    __tablename__ = "decision"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "La décision d'orientation de l'autorité compétente ; immuable",
            source="POST /v1/orientations/{id}/decisions",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation décidée", source="appelant")
    proposition_id: Mapped[UUID] = colonne("Proposition que l'autorité avait", source="service")
    etat_decision: Mapped[str] = colonne("Proposition acceptée ou refusée", codes=EtatDecision)
    motif_refus: Mapped[str | None] = colonne(
        "Pourquoi la proposition est refusée", codes=MotifRefus
    )
    commentaire: Mapped[str | None] = colonne("Texte libre de l'autorité, en clair", IDENTIFIANTE)
    type_parcours: Mapped[str] = colonne("Type de parcours décidé", codes=TypeParcours)
    organisme_referent_id: Mapped[UUID] = colonne("Organisme référent décidé")
    date_decision: Mapped[date] = colonne("Jour de la décision")
    date_effet: Mapped[date] = colonne("Jour où elle prend effet")
    regle_competence: Mapped[str] = colonne("Ce qui rend compétent, C1 à C6", source="règles")
    organisme_decideur_id: Mapped[UUID] = colonne(
        "Organisme qui a décidé", AUCUNE, source="client du jeton"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Accueil(Versionnee, Base):
    """A session of welcome: where, when, for how many; cancelled or held by acts only."""

    __tablename__ = "accueil"
    __table_args__ = (
        Index(None, "collectivite", "debut_le"),
        CheckConstraint("statut IN ('programme', 'tenu', 'annule')", name="statut"),
        CheckConstraint("fin_le > debut_le", name="horaires"),
        CheckConstraint("places > 0", name="places"),
        ForeignKeyConstraint(
            ["collectivite", "organisme_referent_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
        ),
        fiche(
            "Une séance d'accueil : réunion, entretien, permanence ; où, quand, combien de places",
            source="POST /v1/accueils",
        ),
    )

    type: Mapped[str] = colonne("Ce qui s'y fait", codes=TypeAccueil)
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutAccueil)
    type_lieu: Mapped[str] = colonne("Chez qui elle se tient", codes=TypeLieu)
    lieu: Mapped[str] = colonne("Nom du lieu, public")
    code_commune: Mapped[str] = colonne("Code Insee de la commune du lieu")
    debut_le: Mapped[datetime] = colonne("Début de la séance")
    fin_le: Mapped[datetime] = colonne("Fin de la séance")
    places: Mapped[int | None] = colonne(
        "Personnes qui peuvent y être convoquées ; vide : sans limite", unite="personnes"
    )
    organisme_referent_id: Mapped[UUID | None] = colonne("Organisme qui la tient")
    motif_annulation: Mapped[str | None] = colonne(
        "Pourquoi elle est annulée", source="POST /v1/accueils/{id}/annulations"
    )


class Convocation(Versionnee, Base):
    """A person invited to a session, and what came of it."""

    __tablename__ = "convocation"
    __table_args__ = (
        Index(None, "collectivite", "accueil_id", "personne_id", unique=True),
        Index(None, "collectivite", "personne_id", "type"),
        Index(None, "collectivite", "statut", "cree_le", "id"),
        Index(None, "collectivite", "cree_le", "id"),
        CheckConstraint(
            "statut IN ('envoyee', 'honoree', 'a_relancer', 'relancee')", name="statut"
        ),
        CheckConstraint("presence IN ('presente', 'absente', 'excusee')", name="presence"),
        ForeignKeyConstraint(
            ["collectivite", "accueil_id"], ["accueil.collectivite", "accueil.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "Une personne convoquée à une séance d'accueil, et la suite",
            source="POST /v1/accueils/{id}/convocations",
            donnee=INDIRECTE,
        ),
    )

    accueil_id: Mapped[UUID] = colonne("Séance")
    personne_id: Mapped[UUID] = colonne("Personne convoquée")
    type: Mapped[str] = colonne("Type de la séance", source="accueil", codes=TypeAccueil)
    statut: Mapped[str] = colonne("Où elle en est", source="service", codes=StatutConvocation)
    mode: Mapped[str] = colonne("Comment la personne est prévenue", codes=ModeConvocation)
    date_envoi: Mapped[date] = colonne("Jour de l'envoi")
    precedente_id: Mapped[UUID | None] = colonne(
        "Convocation que celle-ci relance ; vide : première", source="service"
    )
    rang_relance: Mapped[int] = colonne(
        "Relances après une absence, celle-ci comprise ; une séance annulée ne compte pas",
        source="service",
        unite="rang",
    )
    presence: Mapped[str | None] = colonne(
        "Dernière présence constatée", source="constats", codes=PresenceAccueil
    )


class Presence(Ecrite, Cle, Base):
    """One statement of presence at a session. Never changed: another one corrects it."""

    __tablename__ = "presence"
    __table_args__ = (
        Index(None, "collectivite", "convocation_id"),
        CheckConstraint("presence IN ('presente', 'absente', 'excusee')", name="presence"),
        ForeignKeyConstraint(
            ["collectivite", "convocation_id"], ["convocation.collectivite", "convocation.id"]
        ),
        fiche(
            "Un constat de présence ou d'absence à une séance ; immuable, un autre le corrige",
            source="POST /v1/convocations/{id}/presences",
            donnee=INDIRECTE,
        ),
    )

    convocation_id: Mapped[UUID] = colonne("Convocation")
    presence: Mapped[str] = colonne("Ce qui est constaté", codes=PresenceAccueil)
    motif: Mapped[str | None] = colonne("Motif d'une absence, jamais de santé", codes=MotifAbsence)
    date_constat: Mapped[date] = colonne("Jour du constat")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")


class Dispense(Ecrite, Cle, Base):
    """A person is dispensed from a step of the welcome, with a reason. Never changed."""

    __tablename__ = "dispense"
    __table_args__ = (
        Index(None, "collectivite", "personne_id"),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "Une personne dispensée d'une étape de l'accueil, avec un motif ; immuable",
            source="POST /v1/personnes/{id}/dispenses",
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID] = colonne("Personne dispensée")
    type: Mapped[str] = colonne("Étape dont elle est dispensée", codes=TypeAccueil)
    motif: Mapped[str] = colonne("Pourquoi, jamais pour raison de santé", codes=MotifDispense)
    date_dispense: Mapped[date] = colonne("Jour de la dispense")
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Contact(Ecrite, Cle, Base):
    """A first-level contact of the accueil social universel: counted, and no orientation."""

    __tablename__ = "contact"
    __table_args__ = (
        Index(None, "collectivite", "date_contact"),
        Index(None, "collectivite", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "personne_id"], ["personne.collectivite", "personne.id"]
        ),
        fiche(
            "Un premier contact de l'accueil social universel, qui n'est pas une orientation",
            source="POST /v1/contacts",
            donnee=INDIRECTE,
        ),
    )

    personne_id: Mapped[UUID | None] = colonne("Personne, si elle est connue ; vide : compté")
    type: Mapped[str] = colonne("Comment il a eu lieu", codes=TypeContact)
    type_lieu: Mapped[str] = colonne("Chez qui", codes=TypeLieu)
    lieu: Mapped[str] = colonne("Nom du lieu, public")
    date_contact: Mapped[date] = colonne("Jour du contact")
    motif: Mapped[str] = colonne("Ce qui est demandé, jamais de santé", codes=MotifContact)
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmis", AUCUNE, source="jeton")


class Place(Versionnee, Base):
    """The place that a decision gave at its organisme référent, or its turn in the queue.

    Written under the lock of the organisme's row whenever that one has a bound.
    """

    __tablename__ = "place"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        Index(None, "collectivite", "organisme_id", "cree_le", "id"),
        Index(
            "ix_place_placees",
            "collectivite",
            "organisme_id",
            postgresql_where=text("statut = 'placee'"),
        ),
        Index(
            "uq_place_file",
            "collectivite",
            "organisme_id",
            "numero",
            unique=True,
            postgresql_where=text("statut = 'en_file'"),
        ),
        CheckConstraint("statut IN ('placee', 'en_file', 'liberee')", name="statut"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        ForeignKeyConstraint(
            ["collectivite", "organisme_id"],
            ["organisme_referent.collectivite", "organisme_referent.id"],
        ),
        fiche(
            "La place qu'une décision a donnée chez l'organisme référent, ou le rang dans sa file",
            source="service, dans la transaction de la décision",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation décidée")
    organisme_id: Mapped[UUID] = colonne("Organisme référent décidé")
    statut: Mapped[str] = colonne("Où elle en est", codes=StatutPlace)
    numero: Mapped[int | None] = colonne(
        "Ordre dans la file de l'organisme, croissant, avec des trous ; vide : placée aussitôt",
        unite="rang",
    )
    rang: Mapped[int | None] = colonne(
        "Rang dans la file à l'instant de la décision ; vide : placée aussitôt", unite="rang"
    )
    date_limite_file: Mapped[date | None] = colonne(
        "Dernier jour d'attente, un objectif de Jalons ou de la collectivité ; vide : sans attente"
    )
    organisme_alternatif_id: Mapped[UUID | None] = colonne(
        "Organisme de la même règle qui avait de la place à la décision"
    )
    placee_le: Mapped[datetime | None] = colonne("Place obtenue ; vide : pas encore, ou jamais")
    liberee_le: Mapped[datetime | None] = colonne("Place ou tour rendus")


class Annulation(Ecrite, Cle, Base):
    """The act by which the authority annuls its own decision. Never changed."""

    __tablename__ = "annulation"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", unique=True),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "L'acte qui annule une décision d'orientation, laquelle reste écrite ; immuable",
            source="POST /v1/orientations/{id}/annulations",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation dont la décision est annulée")
    decision_id: Mapped[UUID] = colonne("Décision annulée", source="service")
    motif: Mapped[str] = colonne("Pourquoi, texte libre de l'autorité, en clair", IDENTIFIANTE)
    date_annulation: Mapped[date] = colonne("Jour de l'acte", source="service")
    organisme_decideur_id: Mapped[UUID] = colonne(
        "Organisme qui avait décidé, et qui annule", AUCUNE, source="client du jeton"
    )
    orientation_suivante_id: Mapped[UUID | None] = colonne(
        "Orientation que l'acte rend à faire ; vide : la personne en avait déjà une",
        source="service",
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Notification(Ecrite, Cle, Base):
    """A decision sent to the person, and when it was received. Never changed."""

    __tablename__ = "notification"
    __table_args__ = (
        Index(None, "collectivite", "orientation_id", "cree_le", "id"),
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Un envoi de la décision à la personne et sa réception, s'il a réussi ; immuable",
            source="POST /v1/orientations/{id}/notifications",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation décidée")
    decision_id: Mapped[UUID] = colonne("Décision notifiée", source="service")
    mode: Mapped[str] = colonne("Moyen, qui donne date certaine", codes=ModeNotification)
    date_envoi: Mapped[date] = colonne("Jour de l'envoi ou de la remise")
    date_reception: Mapped[date | None] = colonne(
        "Jour certain de la réception (R5411-8-1) ; vide : non reçue, ou pas encore"
    )
    client_id: Mapped[str] = colonne("Client OAuth qui l'a transmise", AUCUNE, source="jeton")


class Alerte(Ecrite, Cloisonnee, Base):
    """A deadline's announcement, made once: its row and its fact commit together."""

    __tablename__ = "alerte"
    __table_args__ = (
        ForeignKeyConstraint(
            ["collectivite", "orientation_id"], ["orientation.collectivite", "orientation.id"]
        ),
        fiche(
            "Une échéance annoncée dans le fil des changements, une fois par palier",
            source="service",
            donnee=INDIRECTE,
        ),
    )

    orientation_id: Mapped[UUID] = colonne("Orientation concernée", primary_key=True)
    code: Mapped[str] = colonne("Délai, ex. orientation_pcd", primary_key=True)
    palier: Mapped[str] = colonne("Ce qui est annoncé", codes=Palier, primary_key=True)
