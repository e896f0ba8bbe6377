"""What each collectivité is made of: the YAML files of `deploy/collectivites`, read and checked.

The four files of collectivités hold what the public pages of the départements print, each fact
with its page and line, and the clients of the collectivité. `demonstration.yaml` holds what was
invented to show the software at work; it has no field that could open money.

An amount is one of two things here. A `Ligne.montant_centimes` is exact, and may be posted. An
`Annonce` ("près de", "plus de", rounded to the million…) is never posted: it is shown, no more.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from shared.schemas.collectivite import (
    CollectiviteCreation,
    DelaiLocal,
    EvenementDelai,
    Fuseau,
    Ideparte,
    UniteDelai,
)
from shared.schemas.commun import (
    Annee,
    Booleen,
    CentimesPositifs,
    Code,
    CodeCollectivite,
    CodeCommune,
    DateCivile,
    Entier,
    Entree,
    Libelle,
)
from shared.schemas.financement.actions import OrigineAction
from shared.schemas.financement.conventions import (
    StatutConvention,
    StatutSignataire,
    TypeConvention,
    TypeDocumentConvention,
)
from shared.schemas.financement.conventions import StatutVersion as StatutAvenant
from shared.schemas.financement.enveloppes import Financeur as TypeFinanceur
from shared.schemas.financement.enveloppes import Qualificatif
from shared.schemas.orientation.organismes import RoleAgent
from shared.schemas.orientation.statistiques import MesureIndicateur
from shared.schemas.orientation.vocabulaire import TypeOrganisme
from shared.schemas.parcours.freins import CodeFrein

FICHIER_DEMONSTRATION = "demonstration.yaml"

Positif = Annotated[int, Field(strict=True, ge=1, le=2_147_483_647)]
Texte = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
Mois = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
ClientId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Portee = Annotated[
    str,
    StringConstraints(
        pattern=r"^(orientation|parcours|financement)(\.[a-z]+(_[a-z]+)*)?"
        r":(lire|ecrire|decider|importer|exporter|administrer)$"
    ),
]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("ce fuseau horaire n'existe pas") from error
    return name


FuseauConnu = Annotated[Fuseau, AfterValidator(_known_zone)]


class CollectiviteInvalide(ValueError):
    """A file is wrong; the sentence, in French, names the file, the line and the field."""


class PerimetreClient(StrEnum):
    """Whom a client may see: everybody, or those its organisme accompanies."""

    COLLECTIVITE = "collectivite"
    ORGANISME = "organisme"


# What a page prints.


class Source(Entree):
    """Where a fact is printed: a key of `pages`, and the line of its text."""

    page: Code
    ligne: Positif


class PagePublique(Entree):
    """A public page; `citation` is how it is named to a reader."""

    citation: Texte
    nature: Texte
    date_publication: DateCivile | None = None
    date_mise_a_jour: DateCivile | None = None


class Enonce(Entree):
    """A sentence that a page states."""

    texte: Texte
    source: Source


class Compte(Entree):
    """A number of things, as printed."""

    valeur: Positif
    perimetre: Libelle | None = None
    source: Source


class Montant(Entree):
    """An amount as printed, with its words."""

    montant_centimes: CentimesPositifs
    qualificatif: Qualificatif
    texte_source: Texte
    source: Source


class Annonce(Montant):
    """An amount that will never be posted, since nobody knows it to the cent."""

    @model_validator(mode="after")
    def _is_not_exact(self) -> Self:
        if self.qualificatif is Qualificatif.EXACT:
            raise ValueError("une annonce n'est jamais exacte : un montant exact s'écrit seul")
        return self


class Chiffre(Entree):
    """A figure of a page. `valeur` is null when the page prints a share in words.

    `mesure` and what narrows it are ours: what the service may count beside the figure.
    """

    cle: Code
    libelle: Libelle
    valeur: Entier | None
    unite: Code
    qualificatif: Qualificatif
    annee: Annee | None = None
    periodicite: Literal["annuelle"] | None = None
    mesure: MesureIndicateur | None = None
    role: RoleAgent | None = None
    organisme: Code | None = None
    territoire: Code | None = None
    texte_source: Texte
    source: Source


class Delai(Entree):
    """A delay that the collectivité gives itself; it binds nobody in law."""

    cle: Code
    libelle: Libelle
    valeur: Positif
    unite: UniteDelai
    sens: Texte
    statut: Literal["objectif_local"]
    # Null: the page does not say from when the delay runs.
    point_de_depart: Literal["ouverture_droit"] | None = None
    # What the label says is to be reached.
    fin: Literal["entree_parcours", "accueil"] | None = None
    territoire: Code | None = None
    source: Source


class FreinCite(Entree):
    """A frein that a page names, in its words."""

    frein: CodeFrein
    texte_source: Texte
    source: Source


class Acteur(Entree):
    """Somebody, or a body, that a page names with a role."""

    nom: Libelle
    role: Libelle
    source: Source


class DateCitee(Entree):
    """A date printed to the day."""

    cle: Code
    date: DateCivile
    source: Source


class Territoire(Entree):
    """A territory that a page names. No page lists its communes."""

    code: Code
    libelle: Libelle
    source: Source


class UniteOrganisme(Entree):
    """A named unit of an organisme."""

    code: Code
    libelle: Libelle
    territoire: Code | None = None
    source: Source


class Organisme(Entree):
    """An organisme référent; it serves the whole département unless its units say otherwise."""

    code: Code
    libelle: Libelle
    type: TypeOrganisme
    unites: tuple[UniteOrganisme, ...] = ()
    # Units that a page counts without naming them: the key of the figure.
    unites_comptees: Code | None = None
    source: Source


class Financeur(Entree):
    """Who pays. `rang` settles which one takes the odd cent of a split."""

    code: Code
    type: TypeFinanceur
    nom: Libelle
    rang: Positif
    source: Source


class Division(Entree):
    """An axe or a volet."""

    ordre: Positif
    libelle: Libelle
    source: Source


class Action(Entree):
    """An action or a scheme that a page prints; `code` is ours. No page prints its amount."""

    code: Code
    libelle: Libelle
    axe: Positif | None = None
    volet: Positif | None = None
    source: Source


class Partie(Entree):
    """A party; `statut` is null when the page does not say what became of its signature."""

    nom: Libelle
    type: TypeFinanceur
    statut: StatutSignataire | None = None
    role: Libelle | None = None
    source: Source


class Repartition(Entree):
    """How the page shares a printed total between funders."""

    regle: Literal["parts_egales"]
    financeurs: tuple[Code, ...] = Field(min_length=1)
    source: Source


class Ligne(Entree):
    """What one funder brings to one envelope: an exact amount, an announced one, or nothing known.

    An exact amount is either printed (`texte_source`) or follows from the envelope's printed
    total by the printed rule of `repartition` (`derive_du_total`).
    """

    financeur: Code
    perimetre: Libelle | None = None
    volet: Positif | None = None
    montant_centimes: CentimesPositifs | None = None
    qualificatif: Literal[Qualificatif.EXACT] | None = None
    texte_source: Texte | None = None
    derive_du_total: Booleen = False
    annonce: Annonce | None = None
    source: Source | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if self.montant_centimes is None:
            if self.qualificatif or self.texte_source or self.derive_du_total:
                raise ValueError("une ligne sans montant_centimes n'a ni qualificatif ni origine")
            return self
        if self.annonce is not None:
            raise ValueError("une ligne porte montant_centimes ou annonce, pas les deux")
        if self.qualificatif is None or self.source is None:
            raise ValueError("montant_centimes demande qualificatif: exact et une source")
        if self.derive_du_total == (self.texte_source is not None):
            raise ValueError("un montant a un texte_source ou derive_du_total, l'un des deux")
        return self


class Enveloppe(Entree):
    """The money of one exercice, or of every year (`periodicite`), as far as it is known."""

    exercice: Annee | None = None
    periodicite: Literal["annuelle"] | None = None
    total: Montant | None = None
    repartition: Repartition | None = None
    lignes: tuple[Ligne, ...] = ()
    note: Texte | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if (self.exercice is None) == (self.periodicite is None):
            raise ValueError("une enveloppe a un exercice ou une periodicite, l'un des deux")
        if not any(ligne.derive_du_total for ligne in self.lignes):
            return self
        if self.total is None or self.total.qualificatif is not Qualificatif.EXACT:
            raise ValueError("seul un total exact se répartit en lignes")
        if self.repartition is None or sorted(self.repartition.financeurs) != sorted(
            ligne.financeur for ligne in self.lignes
        ):
            raise ValueError("les lignes dérivées suivent repartition, financeur par financeur")
        part, reste = divmod(self.total.montant_centimes, len(self.lignes))
        # An odd cent would need a rule that no page gives: refuse rather than choose.
        if reste or any(ligne.montant_centimes != part for ligne in self.lignes):
            raise ValueError("les lignes dérivées ne font pas le total imprimé à parts égales")
        return self


class Decision(Entree):
    """What was decided; `date_texte` is a date as printed, when it has no year."""

    texte: Texte
    date_texte: Texte | None = None
    source: Source


class DebutTexte(Entree):
    """A start printed without its year."""

    texte: Texte
    annee_presumee: Annee
    source: Source


class MoisCite(Entree):
    """A month, as printed."""

    mois: Mois
    source: Source


class Elaboration(Entree):
    """From when to when a text was drawn up, as printed."""

    debut_texte: Texte
    fin_texte: Texte
    source: Source


class ModeOrigine(Entree):
    """A way in which actions come to be proposed."""

    origine: OrigineAction
    libelle: Libelle
    source: Source


class Cofinancement(Entree):
    """A funder whose rate and amount are nowhere printed."""

    financeur: Code
    perimetre: Libelle
    source: Source


class PointsEtape(Entree):
    """The yearly review that the page foresees."""

    periodicite: Literal["annuelle"]
    entre: tuple[Code, ...] = Field(min_length=1)
    objet: Libelle
    source: Source


class Avenant(Entree):
    """An avenant; its dates of signature and effect are nowhere printed."""

    cle: Code
    annee: Annee
    objet: Libelle
    statut: StatutAvenant
    statut_selon_source: Texte
    decision: Decision | None = None
    source: Source


class Document(Entree):
    """A document on which a convention stands; `date` is null when the page prints none."""

    type: TypeDocumentConvention
    libelle: Libelle
    date: DateCivile | None = None
    source: Source


class Convention(Entree):
    """A convention: `cle` is its reference in Jalons."""

    cle: Code
    type: TypeConvention
    intitule: Libelle
    annee_debut: Annee
    annee_fin: Annee | None = None
    duree_annees: Compte | None = None
    statut: StatutConvention
    statut_selon_source: Texte
    source: Source
    decision: Decision | None = None
    candidature: MoisCite | None = None
    signature_prevue: MoisCite | None = None
    elaboration: Elaboration | None = None
    debut_texte: DebutTexte | None = None
    territoire: Code | None = None
    instrument_financier: Enonce | None = None
    cofinancement: Cofinancement | None = None
    parties: tuple[Partie, ...] = Field(min_length=1)
    nombre_signataires_invites: Compte | None = None
    nombre_axes: Compte | None = None
    nombre_orientations: Compte | None = None
    nombre_actions: Compte | None = None
    nombre_actions_territoriales: Compte | None = None
    axes: tuple[Division, ...] = ()
    volets: tuple[Division, ...] = ()
    actions: tuple[Action, ...] = ()
    actions_exhaustives: Booleen = False
    modes_origine: tuple[ModeOrigine, ...] = ()
    objectifs_nationaux: tuple[Enonce, ...] = ()
    enveloppes: tuple[Enveloppe, ...] = ()
    points_etape: PointsEtape | None = None
    avenants: tuple[Avenant, ...] = ()
    documents: tuple[Document, ...] = ()

    @model_validator(mode="after")
    def _refers_to_its_own(self) -> Self:
        if self.annee_fin is not None and self.annee_fin < self.annee_debut:
            raise ValueError("annee_fin précède annee_debut")
        axes, volets = ([d.ordre for d in divisions] for divisions in (self.axes, self.volets))
        lignes = [ligne for enveloppe in self.enveloppes for ligne in enveloppe.lignes]
        _unique("axes", axes)
        _unique("volets", volets)
        _unique("exercices", [e.exercice for e in self.enveloppes])
        _among("axe", [action.axe for action in self.actions], axes)
        _among("volet", [action.volet for action in self.actions], volets)
        _among("volet", [ligne.volet for ligne in lignes], volets)
        return self

    def enveloppe(self, exercice: int) -> Enveloppe:
        """Return the envelope of a year; raise `KeyError` if the page gives none."""
        for enveloppe in self.enveloppes:
            if enveloppe.exercice == exercice:
                return enveloppe
        raise KeyError(exercice)


class Budget(Entree):
    """A budget without a convention: announced, never posted."""

    cle: Code
    libelle: Libelle
    financeur: Code
    annonce: Annonce
    source: Source


class Client(Entree):
    """An OAuth client of the collectivité, and the organisme it speaks for. No secret here."""

    client_id: ClientId
    libelle: Libelle
    organisme: Code
    perimetre: PerimetreClient
    portees: tuple[Portee, ...] = Field(min_length=1)


class LigneOuvrable(NamedTuple):
    """A line that may be posted, with where it belongs."""

    convention: Convention
    enveloppe: Enveloppe
    ligne: Ligne


class Collectivite(Entree):
    """One département, whole."""

    code: CodeCollectivite
    libelle: Libelle
    code_departement: Annotated[str, StringConstraints(pattern=r"^(\d{2,3}|2[AB])$")]
    ideparte: Ideparte
    fuseau: FuseauConnu
    pages: Mapping[Code, PagePublique] = Field(min_length=1)
    territoires: tuple[Territoire, ...] = ()
    organismes: tuple[Organisme, ...] = Field(min_length=1)
    financeurs: tuple[Financeur, ...] = ()
    delais: tuple[Delai, ...] = ()
    chiffres: tuple[Chiffre, ...] = ()
    freins_cites: tuple[FreinCite, ...] = ()
    conventions: tuple[Convention, ...] = ()
    budgets: tuple[Budget, ...] = ()
    # Actions and schemes of a page that names no convention.
    actions: tuple[Action, ...] = ()
    acteurs: tuple[Acteur, ...] = ()
    dates: tuple[DateCitee, ...] = ()
    regles_citees: tuple[Enonce, ...] = ()
    anomalies: tuple[Enonce, ...] = ()
    # Whether the équipe pluridisciplinaire is consulted before a réorientation.
    avis_ep_avant_reorientation: bool = False
    # Whether its clients must prove themselves by a key: a secret alone then gives no token.
    cle_exigee: bool = False
    clients: tuple[Client, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        departement = self.code_departement
        if self.code[:-1] != departement or self.ideparte != departement.zfill(3):
            raise ValueError("code, code_departement et ideparte : pas le même département")
        territoires = [t.code for t in self.territoires]
        financeurs = [f.code for f in self.financeurs]
        chiffres = [c.cle for c in self.chiffres]
        unites = [unite for organisme in self.organismes for unite in organisme.unites]
        organismes = [o.code for o in self.organismes]
        enveloppes = [e for c in self.conventions for e in c.enveloppes]
        uniques: dict[str, Sequence[object]] = {
            "territoires": territoires,
            "financeurs": financeurs,
            "rangs de financeurs": [f.rang for f in self.financeurs],
            "chiffres": chiffres,
            "organismes": [*organismes, *(unite.code for unite in unites)],
            "delais": [d.cle for d in self.delais],
            "conventions et budgets": [
                *(c.cle for c in self.conventions),
                *(b.cle for b in self.budgets),
            ],
            "actions": [a.code for a in self.toutes_actions()],
            "clients": [c.client_id for c in self.clients],
        }
        for nom, codes in uniques.items():
            _unique(nom, codes)
        _among("page", [source.page for source in sources(self)], self.pages)
        _among("territoire", [c.territoire for c in self.conventions], territoires)
        _among("territoire", [d.territoire for d in self.delais], territoires)
        _among("territoire", [unite.territoire for unite in unites], territoires)
        _among("territoire", [c.territoire for c in self.chiffres], territoires)
        _among("organisme", [c.organisme for c in self.chiffres], organismes)
        _among("unites_comptees", [o.unites_comptees for o in self.organismes], chiffres)
        _among("organisme", [c.organisme for c in self.clients], organismes)
        _among("financeur", [ligne.financeur for e in enveloppes for ligne in e.lignes], financeurs)
        _among("financeur", [b.financeur for b in self.budgets], financeurs)
        for convention in self.conventions:
            if convention.cofinancement:
                _among("financeur", [convention.cofinancement.financeur], financeurs)
            if convention.points_etape:
                _among("points_etape", convention.points_etape.entre, financeurs)
        for enveloppe in enveloppes:
            if enveloppe.repartition:
                _among("financeur", enveloppe.repartition.financeurs, financeurs)
        return self

    def convention(self, cle: str) -> Convention:
        """Return a convention by its key; raise `KeyError` if there is none."""
        for convention in self.conventions:
            if convention.cle == cle:
                return convention
        raise KeyError(cle)

    def toutes_actions(self) -> Sequence[Action]:
        """Return every printed action, of conventions first."""
        return (*(action for c in self.conventions for action in c.actions), *self.actions)

    def lignes_ouvrables(self) -> Sequence[LigneOuvrable]:
        """Return the lines whose amount is exact, the only ones that may open money."""
        return tuple(
            LigneOuvrable(convention, enveloppe, ligne)
            for convention in self.conventions
            for enveloppe in convention.enveloppes
            for ligne in enveloppe.lignes
            if ligne.montant_centimes is not None
        )

    def creation(self) -> CollectiviteCreation:
        """Return what opens this collectivité in a service, as the contract wants it."""
        return CollectiviteCreation(
            code=self.code,
            libelle=self.libelle,
            ideparte=self.ideparte,
            fuseau=self.fuseau,
            avis_ep_avant_reorientation=self.avis_ep_avant_reorientation,
            delais=[
                DelaiLocal(
                    code=delai.cle,
                    duree=delai.valeur,
                    unite=delai.unite,
                    source=self.citer(delai.source),
                    depart=delai.point_de_depart and EvenementDelai(delai.point_de_depart),
                    fin=delai.fin and EvenementDelai(delai.fin),
                    # No page lists its communes: the département says them, and until then
                    # the objective concerns nobody.
                    territoire=delai.territoire,
                )
                for delai in self.delais
            ],
        )

    def citer(self, source: Source) -> str:
        """Return a source as a reader understands it: page, date and line."""
        return f"{self.pages[source.page].citation}, ligne {source.ligne}"


# What the demonstration invents.


class Illustratif(Entree):
    """Base of what was invented; the mark must be written on each item."""

    illustratif: Literal[True]


class Delegation(Illustratif):
    """The convention that makes an association a délégataire. Both ends are included."""

    reference: Code
    date_debut: DateCivile
    date_fin: DateCivile

    @model_validator(mode="after")
    def _has_a_period(self) -> Self:
        if self.date_fin < self.date_debut:
            raise ValueError("date_fin précède date_debut")
        return self


class OrganismeDemo(Illustratif):
    """An organisme référent that no page names. `places` informs, and bars nothing."""

    code: Code
    libelle: Libelle
    type: TypeOrganisme
    communes: tuple[CodeCommune, ...] = Field(min_length=1)
    places: Positif
    delegation: Delegation | None = None

    @model_validator(mode="after")
    def _is_delegated(self) -> Self:
        if (self.type is TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL) != (self.delegation is not None):
            raise ValueError("un délégataire, et lui seul, porte une delegation")
        _unique("communes", self.communes)
        return self


class ConventionDemo(Illustratif):
    """The dates that no page gives and without which a convention cannot be used.

    `fenetre_*` bound the execution of the envelope of `exercice`; both ends are included.
    """

    cle: Code
    exercice: Annee
    statut: StatutConvention
    date_signature: DateCivile
    date_effet: DateCivile
    fenetre_debut: DateCivile
    fenetre_fin: DateCivile

    @model_validator(mode="after")
    def _has_a_window(self) -> Self:
        if self.fenetre_fin < self.fenetre_debut:
            raise ValueError("fenetre_fin précède fenetre_debut")
        return self


class PartCle(Entree):
    """What one funder pays of an action: num / den of its cost."""

    financeur: Code
    num: Positif
    den: Positif

    @property
    def fraction(self) -> Fraction:
        """Return the share, exact."""
        return Fraction(self.num, self.den)


class UsageDemo(StrEnum):
    """What an action shows: the ordinary course, the last place, or the last cents."""

    ORDINAIRE = "ordinaire"
    PLACES_RARES = "places_rares"
    FIN_DE_LIGNE = "fin_de_ligne"


class ActionDemo(Illustratif):
    """A price, places and a funding key for an action.

    Either `action` is the code of a printed action, which gives the wording, or `libelle` names
    an action that the convention does not print.
    """

    code: Code
    convention: Code
    exercice: Annee
    action: Code | None = None
    libelle: Libelle | None = None
    usage: UsageDemo
    mode_capacite: Literal["stock"]
    places: Positif
    prix_unitaire_centimes: CentimesPositifs
    cle_financement: tuple[PartCle, ...] = Field(min_length=1)
    freins: tuple[CodeFrein, ...] = ()
    communes: tuple[CodeCommune, ...] = ()
    porteur: Code | None = None

    @model_validator(mode="after")
    def _is_funded_once(self) -> Self:
        if (self.action is None) == (self.libelle is None):
            raise ValueError(
                "une action nomme une action imprimée ou porte un libelle, pas les deux"
            )
        _unique("financeurs de la clé", [part.financeur for part in self.cle_financement])
        _unique("freins", self.freins)
        if sum(part.fraction for part in self.cle_financement) != 1:
            raise ValueError("les parts de la clé de financement ne font pas 1")
        return self


class ClientDemo(Client, Illustratif):
    """A client that only the demonstration has."""


class Tirage(Illustratif):
    """Weights from which a synthetic criterion is drawn; integers, in no unit."""

    critere: Code
    poids: Mapping[str, Entier] = Field(min_length=1)

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Self:
        if not any(self.poids.values()):
            raise ValueError("un tirage demande au moins un poids non nul")
        return self


class PopulationDemo(Illustratif):
    """Parameters of the synthetic population. The same `graine` gives the same people."""

    graine: Entier
    nombre_foyers: Positif
    part_en_couple_pour_mille: Annotated[int, Field(strict=True, ge=0, le=1000)]
    tirages: tuple[Tirage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _draws_once(self) -> Self:
        _unique("criteres", [tirage.critere for tirage in self.tirages])
        return self

    def poids(self, critere: str) -> Mapping[str, int]:
        """Return the weights of a criterion; raise `KeyError` if there are none."""
        for tirage in self.tirages:
            if tirage.critere == critere:
                return tirage.poids
        raise KeyError(critere)


class Demonstration(Illustratif):
    """All that is invented, on one collectivité. It opens no money."""

    avertissement: Texte
    collectivite: CodeCollectivite
    conventions: tuple[ConventionDemo, ...] = ()
    organismes: tuple[OrganismeDemo, ...] = ()
    actions: tuple[ActionDemo, ...] = ()
    clients: tuple[ClientDemo, ...] = ()
    population: PopulationDemo

    def check_against(self, collectivite: Collectivite) -> None:
        """Refuse what the collectivité does not know.

        Raises:
            ValueError: with a sentence in French.
        """
        organismes = [o.code for o in self.organismes]
        connus = [*organismes, *(o.code for o in collectivite.organismes)]
        client_ids = [c.client_id for c in (*self.clients, *collectivite.clients)]
        _unique("organismes", connus)
        _unique("clients", client_ids)
        _unique("actions", [a.code for a in self.actions])
        _unique("actions reprises", [a.action for a in self.actions if a.action])
        _unique("conventions", [(c.cle, c.exercice) for c in self.conventions])
        _among("organisme", [c.organisme for c in self.clients], connus)
        _among("porteur", [a.porteur for a in self.actions], connus)
        conventions = {c.cle: c for c in collectivite.conventions}
        _among("convention", [c.cle for c in self.conventions], conventions)
        _among("convention", [a.convention for a in self.actions], conventions)
        for action in self.actions:
            convention = conventions[action.convention]
            _among("action", [action.action], [a.code for a in convention.actions])
            payeurs = {
                ouvrable.ligne.financeur
                for ouvrable in collectivite.lignes_ouvrables()
                if ouvrable.convention is convention
                and ouvrable.enveloppe.exercice == action.exercice
            }
            # A share without a line would be money that nobody opened.
            _among("cle_financement", [part.financeur for part in action.cle_financement], payeurs)


# Reading.


def charger(dossier: Path) -> Mapping[str, Collectivite]:
    """Read every collectivité of a folder, by code, in the order of codes.

    Raises:
        CollectiviteInvalide: a file is missing, unreadable or wrong.
    """
    fichiers = sorted(f for f in dossier.glob("*.yaml") if f.name != FICHIER_DEMONSTRATION)
    if not fichiers:
        raise CollectiviteInvalide(f"{dossier.name} : aucun fichier de collectivité (*.yaml).")
    collectivites: dict[str, Collectivite] = {}
    proprietaires: dict[str, str] = {}
    for fichier in fichiers:
        collectivite = _read(fichier, Collectivite)
        if collectivite.code != fichier.stem:
            raise CollectiviteInvalide(
                f"{fichier.name}, champ code : le fichier d'une collectivité porte son code."
            )
        for client in collectivite.clients:
            if (autre := proprietaires.setdefault(client.client_id, fichier.name)) != fichier.name:
                raise CollectiviteInvalide(
                    f"{fichier.name}, champ clients : {client.client_id} appartient déjà à {autre}."
                )
        collectivites[collectivite.code] = collectivite
    return MappingProxyType(collectivites)


def charger_demonstration(
    dossier: Path, collectivites: Mapping[str, Collectivite] | None = None
) -> Demonstration:
    """Read the demonstration, checked against the collectivité on which it plays.

    Raises:
        CollectiviteInvalide: the file is missing, unreadable or wrong.
    """
    fichier = dossier / FICHIER_DEMONSTRATION
    demonstration = _read(fichier, Demonstration)
    connues = charger(dossier) if collectivites is None else collectivites
    try:
        _among("collectivite", [demonstration.collectivite], connues)
        demonstration.check_against(connues[demonstration.collectivite])
    except ValueError as error:
        raise CollectiviteInvalide(f"{fichier.name} : {error}.") from error
    return demonstration


def sources(value: object) -> Iterator[Source]:
    """Yield every source found in a model, however deep."""
    if isinstance(value, Source):
        yield value
    elif isinstance(value, BaseModel):
        for nom in type(value).model_fields:
            yield from sources(getattr(value, nom))
    elif isinstance(value, Mapping):
        yield from sources(tuple(value.values()))
    elif isinstance(value, tuple):
        for element in value:
            yield from sources(element)


def _unique(nom: str, codes: Iterable[object]) -> None:
    doubles = sorted(str(code) for code, fois in Counter(codes).items() if fois > 1)
    if doubles:
        raise ValueError(f"{nom} : {', '.join(doubles)} figure deux fois")


def _among(nom: str, codes: Iterable[object], connus: Iterable[object]) -> None:
    inconnus = sorted({str(code) for code in codes if code is not None} - {str(c) for c in connus})
    if inconnus:
        raise ValueError(f"{nom} : {', '.join(inconnus)} n'est déclaré nulle part")


M = TypeVar("M", bound=BaseModel)


def _read(fichier: Path, modele: type[M]) -> M:
    try:
        texte = fichier.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CollectiviteInvalide(f"{fichier.name} : fichier absent ou illisible.") from error
    try:
        racine = yaml.compose(texte, Loader=yaml.SafeLoader)
        _refuse_duplicates(fichier, racine)
        contenu = yaml.safe_load(texte)
    except yaml.YAMLError as error:
        ligne = getattr(getattr(error, "problem_mark", None), "line", None)
        lieu = fichier.name if ligne is None else f"{fichier.name}, ligne {ligne + 1}"
        raise CollectiviteInvalide(f"{lieu} : ce n'est pas du YAML valide.") from error
    try:
        return modele.model_validate(contenu)
    except ValidationError as error:
        phrases = [_sentence(fichier, racine, detail) for detail in error.errors(include_url=False)]
        raise CollectiviteInvalide("\n".join(phrases)) from error


def _refuse_duplicates(fichier: Path, racine: yaml.Node | None) -> None:
    """Refuse a key written twice, of which YAML readers silently keep the last.

    Anchors are refused too: a fact stands where it is read, with its own source.
    """
    a_voir = [racine]
    vus: set[int] = set()
    while a_voir:
        noeud = a_voir.pop()
        if noeud is None or isinstance(noeud, yaml.ScalarNode):
            continue
        if id(noeud) in vus:
            lieu = _place(fichier, noeud)
            raise CollectiviteInvalide(f"{lieu} : les ancres YAML ne sont pas admises.")
        vus.add(id(noeud))
        if isinstance(noeud, yaml.MappingNode):
            cles: set[str] = set()
            for cle, valeur in noeud.value:
                if cle.value in cles:
                    raise CollectiviteInvalide(
                        f"{_place(fichier, cle)}, champ {cle.value} : la clé est écrite deux fois."
                    )
                cles.add(cle.value)
                a_voir.append(valeur)
        else:
            a_voir.extend(noeud.value)


_MESSAGES = {
    "missing": "ce champ est obligatoire",
    "extra_forbidden": "ce champ n'existe pas",
    "int_type": "un entier est attendu",
    "bool_type": "vrai ou faux (true, false) est attendu",
    "string_type": "un texte est attendu (entre guillemets s'il ressemble à un nombre)",
    "tuple_type": "une liste est attendue",
    "mapping_type": "un ensemble de champs est attendu",
    "model_type": "un ensemble de champs est attendu",
    "model_attributes_type": "un ensemble de champs est attendu",
    "string_pattern_mismatch": "la forme n'est pas celle attendue",
    "string_too_long": "le texte est trop long",
    "string_too_short": "le texte est vide",
    "too_short": "au moins un élément est attendu",
    "greater_than_equal": "le nombre est trop petit",
    "less_than_equal": "le nombre est trop grand",
    "date-attendue": "une date AAAA-MM-JJ est attendue",
    "type-inattendu": "une date AAAA-MM-JJ est attendue",
}


def _sentence(fichier: Path, racine: yaml.Node | None, detail: Any) -> str:
    """Say in French what Pydantic found, and where it is written."""
    nature, chemin = detail["type"], detail["loc"]
    if nature == "value_error":
        message = str(detail["ctx"]["error"])
    elif nature in {"enum", "literal_error"}:
        message = f"valeur inconnue, attendu {detail['ctx']['expected'].replace(' or ', ' ou ')}"
    else:
        message = _MESSAGES.get(nature, "la valeur n'est pas admise")
    champ = ".".join(str(pas) for pas in chemin)
    lieu = _place(fichier, _node_at(racine, chemin))
    return f"{lieu}, champ {champ} : {message}." if champ else f"{lieu} : {message}."


def _node_at(racine: yaml.Node | None, chemin: Sequence[int | str]) -> yaml.Node | None:
    """Return the deepest node on a path: a missing field has none, so its parent answers."""
    noeud = racine
    for pas in chemin:
        suivant: yaml.Node | None = None
        if isinstance(noeud, yaml.MappingNode):
            suivant = next((valeur for cle, valeur in noeud.value if cle.value == str(pas)), None)
        elif isinstance(noeud, yaml.SequenceNode) and isinstance(pas, int):
            suivant = noeud.value[pas]
        if suivant is None:
            break
        noeud = suivant
    return noeud


def _place(fichier: Path, noeud: yaml.Node | None) -> str:
    return fichier.name if noeud is None else f"{fichier.name}, ligne {noeud.start_mark.line + 1}"
