"""The command line: ./jalons --help."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import httpx
import typer
from rich.console import Console

from deploy.emetteur.gestion import gerer
from deploy.local import flux_synthetique, verification, versions
from deploy.local.collectivites import charger
from deploy.local.demonstration import FOYERS, GRAINE, Demonstrateur
from deploy.local.partenaire import Partenaire, Refusee
from deploy.local.postgres import ErreurLocale
from deploy.local.services import (
    BAC_A_SABLE,
    COLLECTIVITES,
    PORT,
    PORT_BAC,
    RACINE,
    SERVICES,
    Adresses,
    Installation,
    alembic,
    migrer,
    portees_par_client,
    uvicorn,
)
from deploy.local.tableau import adresses, afficher
from shared.refus import DependanceIndisponible

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Jalons : orienter, accompagner et financer l'insertion. Commencez par ./jalons demo.",
)
flux = typer.Typer(
    no_args_is_help=True, help="Flux CAF/MSA : en générer un synthétique, l'importer."
)
app.add_typer(flux, name="flux")
conventions = typer.Typer(
    no_args_is_help=True, help="Conventions et actions : les importer d'un fichier YAML."
)
app.add_typer(conventions, name="conventions")

# Standard output belongs to the result; what is said on the way goes to standard error.
_console = Console(stderr=True, highlight=False)
_sortie = Console(highlight=False)

Dossier = Annotated[Path, typer.Option(help="Dossier des données, retrouvé au prochain démarrage.")]
Port = Annotated[
    int, typer.Option(help="Premier des quatre ports : émetteur, puis les trois services.")
]
DOSSIER = Path(os.environ.get("JALONS_DOSSIER", RACINE / ".jalons"))


@app.command()
def demo(
    dossier: Dossier = DOSSIER,
    port: Port = PORT,
    foyers: Annotated[int, typer.Option(min=1, max=100_000, help="Foyers du flux.")] = FOYERS,
    graine: Annotated[int, typer.Option(help="Graine du flux synthétique.")] = GRAINE,
    une_fois: Annotated[bool, typer.Option("--une-fois", help="Finir après le tableau.")] = False,
    en_json: Annotated[
        bool, typer.Option("--json", help="Le même bilan, en JSON, sur la dernière ligne.")
    ] = False,
    neuf: Annotated[bool, typer.Option("--neuf", help="Repartir d'un dossier vide.")] = False,
) -> None:
    """Joue le métier de bout en bout : flux, orientation, décision, parcours, euros."""

    async def jouer(installation: Installation) -> dict[str, object]:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            return await Demonstrateur(
                installation, http, _dire, foyers=foyers, graine=graine
            ).jouer()

    with _en_marche(dossier, port, neuf=neuf) as installation:
        bilan = asyncio.run(jouer(installation))
        afficher(_console if en_json else _sortie, bilan)
        adresses(_console if en_json else _sortie, bilan)
        if en_json:
            print(json.dumps(bilan, ensure_ascii=False), flush=True)
        if not une_fois:
            _dire("Tout reste en marche ; Ctrl-C pour arrêter.")
            _veiller(installation)


@app.command("bac-a-sable")
def bac_a_sable(
    dossier: Dossier = DOSSIER / "bac-a-sable",
    port: Annotated[
        int,
        typer.Option(
            help="Premier de six ports : émetteur, les trois services, récepteur, France Travail."
        ),
    ] = PORT_BAC,
    foyers: Annotated[
        int, typer.Option(min=1, max=100_000, help="Foyers inventés dont il est peuplé.")
    ] = 40,
    neuf: Annotated[
        bool, typer.Option("--neuf", help="Repartir d'un dossier vide, à l'heure réelle.")
    ] = False,
) -> None:
    """Sert le bac à sable : collectivité 999D, personnes inventées, faux France Travail."""

    async def peupler(installation: Installation) -> None:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            demonstrateur = Demonstrateur(installation, http, _dire, foyers=foyers)
            # The fake keeps its clock in memory; the services keep theirs.
            deplacements = await demonstrateur.si.lire(
                "orientation", "/v1/horloges-de-test", limite=1
            )
            for deplacement in deplacements["elements"]:
                await _avancer_france_travail(installation, http, deplacement["decalage_s"])
            await demonstrateur.peupler()

    with _en_marche(dossier, port, neuf=neuf, bac_a_sable=True) as installation:
        asyncio.run(peupler(installation))
        for nom in SERVICES:
            print(f"{nom} {installation.adresses.service(nom)}")
        print(f"emetteur {installation.adresses.emetteur}")
        print(f"france_travail {installation.adresses.france_travail}")
        ici = f"--dossier {dossier} --port {port}"
        print(f"jeton ./jalons jeton si-departement-999 orientation {ici}")
        print(f"horloge ./jalons avancer 40 {ici}", flush=True)
        _dire("Le bac à sable est en marche ; Ctrl-C pour arrêter.")
        _veiller(installation)


async def _avancer_france_travail(
    installation: Installation, http: httpx.AsyncClient, avance_s: int
) -> None:
    url = f"{installation.adresses.france_travail}/_scenario/horloge"
    (await http.post(url, json={"avancer_s": avance_s})).raise_for_status()


@app.command()
def avancer(
    jours: Annotated[int, typer.Argument(min=1, max=3660, help="Jours à ajouter.")],
    dossier: Dossier = DOSSIER / "bac-a-sable",
    port: Port = PORT_BAC,
) -> None:
    """Avance l'horloge du bac à sable en marche : les trois services et le faux France Travail."""
    installation = _installation(dossier, port, bac_a_sable=True)
    collectivite = charger(installation.collectivites)["999D"]
    client = next(one for one in collectivite.clients if one.client_id.startswith("si-"))

    async def jouer() -> None:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            si = Partenaire(
                installation.adresses,
                http,
                client_id=client.client_id,
                secret=installation.secret(client.client_id),
                collectivite=collectivite.code,
                portees=client.portees,
            )
            avance_s, cle = 86_400 * jours, f"avancer:{uuid4()}"
            for nom in SERVICES:
                fait = await si.ecrire(nom, "/v1/horloges-de-test", {"avance_s": avance_s}, cle=cle)
                print(f"{nom} {fait['instant']}")
            await _avancer_france_travail(installation, http, avance_s)

    try:
        asyncio.run(jouer())
    except (httpx.HTTPError, DependanceIndisponible) as error:
        raise ErreurLocale(
            "Le bac à sable ne répond pas.",
            "Lancez ./jalons bac-a-sable dans un autre terminal, avec les mêmes options.",
        ) from error
    except Refusee as refus:
        raise ErreurLocale(
            f"Le bac à sable refuse : {refus.code}.",
            "L'horloge va dix ans au plus au-delà de l'heure réelle ; --neuf y revient.",
        ) from refus


@app.command()
def serve(
    service: Annotated[
        str, typer.Argument(help="Un service, emetteur ou travailleur ; rien : tout.")
    ] = "",
    dossier: Dossier = DOSSIER,
    port: Port = PORT,
    hote: Annotated[str, typer.Option(help="Adresse d'écoute d'un service seul.")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processus par service.")] = 1,
) -> None:
    """Sert un service, réglé par les variables JALONS_…, ou l'ensemble avec PostgreSQL embarqué."""
    if not service:
        with _en_marche(dossier, port, workers=workers) as installation:
            for nom in SERVICES:
                _dire(f"{nom} : {installation.adresses.service(nom)}/docs")
            _dire("Ctrl-C pour arrêter.")
            _veiller(installation)
        return
    match service:
        case "travailleur":
            commande = [sys.executable, "-m", "shared.socle.travailleur", *SERVICES]
        case "emetteur":
            commande = uvicorn("deploy.emetteur.app", port, hote=hote)
        case _ if service in SERVICES:
            _exige_reglages(service)
            commande = uvicorn(f"services.{service}.app", port, hote=hote, workers=workers)
        case _:
            raise ErreurLocale(
                f"« {service} » n'est pas un service.",
                f"Choisissez parmi {', '.join(SERVICES)}, emetteur, travailleur.",
            )
    os.chdir(RACINE)
    os.execv(commande[0], commande)


@app.command()
def migrate(
    service: Annotated[str, typer.Argument(help="Un service ; rien : les trois.")] = "",
    dossier: Dossier = DOSSIER,
) -> None:
    """Met les bases à jour : celles de JALONS_<SERVICE>_MIGRATION, ou celles du dossier."""
    noms = [service] if service else list(SERVICES)
    given = {nom: os.environ.get(f"JALONS_{nom.upper()}_MIGRATION") for nom in noms}
    if all(given.values()):
        for nom, url in given.items():
            migrer(nom, url or "")
    else:
        installation = _installation(dossier, PORT)
        try:
            installation.preparer()
        finally:
            installation.arreter()
    _dire("Bases à jour.")


@app.command()
def migration(
    service: Annotated[str, typer.Argument(help="Le service dont les tables ont changé.")],
    message: Annotated[str, typer.Argument(help="Ce que la migration fait.")],
) -> None:
    """Écrit la migration qui manque entre les tables et la base, à relire avant de la garder."""
    from alembic import command

    numero = 1 + len(list((RACINE / "services" / service / "migrations/versions").glob("0*.py")))
    with verification.bases_ephemeres() as urls:
        migrer(service, urls[service].proprietaire)
        command.revision(alembic(service), message, autogenerate=True, rev_id=f"{numero:04d}")


@app.command()
def openapi(
    verifier: Annotated[
        bool, typer.Option("--verifier", help="Comparer aux documents publiés, sans écrire.")
    ] = False,
) -> None:
    """Écrit les trois documents OpenAPI que les services servent."""
    differents = verification.openapi(ecrire=not verifier)
    if not verifier:
        versions.ecrire_page()
    if differents:
        raise ErreurLocale(
            f"Document OpenAPI à régénérer : {', '.join(differents)}.", "Lancez ./jalons openapi."
        )


@app.command()
def compatibilite(
    publier: Annotated[
        str, typer.Option(help="Garder les documents publiés sous cette version, ex. 0.1.0.")
    ] = "",
) -> None:
    """Dit ce que les documents ont changé depuis la dernière version publiée, et ce qui rompt."""
    if publier:
        try:
            versions.publier(publier)
        except versions.DejaPubliee as error:
            raise ErreurLocale(f"{publier} est déjà publiée.", "Choisissez la suivante.") from error
        versions.ecrire_page()
        _dire(f"{publier} est publiée : gardez docs/versions/{publier} avec le code.")
        return
    for service, changements in versions.changements().items():
        for un in changements:
            _sortie.print(f"{service} {'ROMPT' if un.rompt else 'ajoute'} {un}", soft_wrap=True)
    remarques = versions.remarques()
    if remarques:
        raise ErreurLocale(" ; ".join(remarques), "docs/guides/clients.md dit quoi en faire.")


@app.command()
def clients(
    vers: Annotated[Path, typer.Option(help="Dossier où les écrire.")] = RACINE / "dist/clients",
) -> None:
    """Génère et compile les clients Python, TypeScript et Java des documents publiés."""
    from deploy.local import clients as generes

    faits, absents = generes.construire(vers.resolve(), verification.DOCUMENTS)
    for langage, remarques in faits.items():
        for remarque in remarques:
            _dire(f"{langage} : {remarque}")
    for absent in absents:
        _dire(absent)
    if any(faits.values()):
        raise ErreurLocale(
            "Un générateur, ou un compilateur, a dit quelque chose.",
            "C'est ci-dessus : le document est à reprendre.",
        )
    _dire(f"Clients écrits dans {vers} : {', '.join(faits)}.")


@app.command()
def dictionnaire() -> None:
    """Écrit le dictionnaire des données (docs/dictionnaire), tiré des tables et référentiels."""
    from deploy.local import dictionnaire as pages

    try:
        pages.dictionnaire(ecrire=True)
    except pages.Indecrite as error:
        raise ErreurLocale(
            str(error), "Dites-le où elle est déclarée, par colonne ou fiche."
        ) from error


@app.command()
def check() -> None:
    """Vérifie le code comme le fait l'intégration continue : types, style, imports, migrations…"""
    rates = [nom for nom, essai in verification.VERIFICATIONS.items() if not _essayer(nom, essai)]
    if rates:
        raise ErreurLocale(
            f"Vérifications en échec : {', '.join(rates)}.", "Le détail est ci-dessus."
        )


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(contexte: typer.Context) -> None:
    """Lance les tests, avec le PostgreSQL embarqué ; les options vont à pytest.

    Sans option : tous, fichier par fichier sur chaque cœur, quatre au plus.
    """
    # In the order of the folders: the longest files come before the many short ones.
    partout = "-n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder".split()
    options = contexte.args or partout
    done = subprocess.run([sys.executable, "-m", "pytest", *options], cwd=RACINE, check=False)
    raise typer.Exit(done.returncode)


@app.command()
def bench(
    dossier: Annotated[
        Path, typer.Option(help="Où poser celui du banc, jeté après : sur le disque à mesurer.")
    ] = DOSSIER,
    port: Annotated[int, typer.Option(help="Premier de six ports libres.")] = PORT + 50,
    court: Annotated[
        bool, typer.Option("--court", help="Voir si tout marche : les chiffres n'y valent rien.")
    ] = False,
    croissance: Annotated[
        bool, typer.Option("--croissance", help="Plutôt : les p95, de peu de personnes à beaucoup.")
    ] = False,
    service: Annotated[
        list[str],
        typer.Option(
            help="Avec --croissance, un ou plusieurs : orientation, compté en personnes, parcours,"
            " en freins, financement, en dossiers."
        ),
    ] = ["orientation"],  # noqa: B006 - typer reads it, and nobody writes it
    complet: Annotated[
        bool, typer.Option("--complet", help="Avec --croissance : de 20 000 à 2 000 000.")
    ] = False,
    seules: Annotated[
        str,
        typer.Option(
            help="Avec --croissance : les seules lectures dont le nom répond à cette expression."
        ),
    ] = "",
    en_json: Annotated[
        bool, typer.Option("--json", help="Le même bilan, en JSON, sur la dernière ligne.")
    ] = False,
    exiger: Annotated[
        bool, typer.Option("--exiger", help="Échouer si un budget est manqué.")
    ] = False,
) -> None:
    """Mesure les budgets de architecture.md, en rapports pris dans un même passage."""
    # Not before: an image that serves has no tests.
    from tests.bench import banc, tableau
    from tests.bench import croissance as croissances
    from tests.bench.sujets import SUJETS

    if croissance:
        if not SUJETS.keys() >= set(service):
            raise typer.BadParameter(f"{', '.join(SUJETS)} : l'un d'eux.", param_hint="--service")
        ampleur = croissances.COMPLETE if complet else croissances.Ampleur()
        bilans = croissances.mesurer(
            dossier.resolve(),
            port,
            croissances.COURTE if court else ampleur,
            _dire,
            [SUJETS[un] for un in service],
            seules,
        )
        afficher_bilan, budgets = tableau.afficher_croissance, "genres"
    else:
        taille = banc.COURTE if court else banc.Taille()
        bilans = [banc.mesurer(dossier.resolve(), port, taille, _dire)]
        afficher_bilan, budgets = tableau.afficher, "budgets"
    for bilan in bilans:
        afficher_bilan(_console if en_json else _sortie, bilan)
        if en_json:
            print(json.dumps(bilan, ensure_ascii=False), flush=True)
    if exiger and not all(budget["tenu"] for bilan in bilans for budget in bilan[budgets]):
        raise typer.Exit(1)


@app.command()
def jeton(
    client: Annotated[str, typer.Argument(help="Client, ex. si-departement-35.")],
    service: Annotated[str, typer.Argument(help="orientation, parcours ou financement.")],
    dossier: Dossier = DOSSIER,
    port: Port = PORT,
) -> None:
    """Demande un jeton d'accès pour un client de cette installation, et l'écrit seul."""
    connus = portees_par_client() | portees_par_client(BAC_A_SABLE)
    autorisations = connus.get(client, ())
    portees = [
        portee
        for autorisation in autorisations
        for portee in autorisation.portees
        if portee.partition(":")[0].partition(".")[0] == service
    ]
    secret = _installation(dossier, port).secret(client)
    try:
        answer = httpx.post(
            f"{Adresses(port).emetteur}/connexion/oauth2/access_token?realm=%2Fpartenaire",
            data={
                "grant_type": "client_credentials",
                "client_id": client,
                "client_secret": secret,
                "scope": " ".join(portees),
            },
            trust_env=False,
        )
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise ErreurLocale(
            "L'émetteur n'a pas donné de jeton.",
            "Lancez ./jalons demo ou ./jalons serve dans un autre terminal, avec le même --port.",
        ) from error
    print(answer.json()["access_token"])


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def emetteur(contexte: typer.Context, dossier: Dossier = DOSSIER) -> None:
    """Gère l'émetteur en marche : suspendre, retablir, cle, tourner."""
    installation = _installation(dossier, PORT)
    fichiers = {"clients": installation.fichier_clients, "cles": installation.fichier_cles}
    print(gerer(contexte.args, **fichiers))


@flux.command("generer")
def generer(
    fichier: Annotated[Path, typer.Argument(help="Fichier à écrire.")],
    foyers: Annotated[int, typer.Option(min=1, max=1_000_000)] = FOYERS,
    graine: Annotated[int, typer.Option()] = GRAINE,
    ideparte: Annotated[str, typer.Option(help="Code du département dans le flux.")] = "035",
    jour: Annotated[str, typer.Option(help="DTREF du flux, AAAA-MM-JJ.")] = "2026-10-31",
    version: Annotated[
        flux_synthetique.Version, typer.Option(help="Version du flux ; les foyers sont les mêmes.")
    ] = "VRSB0801",
) -> None:
    """Écrit un flux synthétique : mêmes options, mêmes octets ; personnes inventées."""
    flux_synthetique.ecrire(
        fichier,
        foyers=foyers,
        graine=graine,
        ideparte=ideparte,
        date_reference=date.fromisoformat(jour),
        version=version,
    )
    _dire(f"{foyers} foyers synthétiques écrits dans {fichier}.")


@flux.command("importer")
def importer(
    fichier: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    client: Annotated[str, typer.Option(help="Client qui dépose.")] = "si-departement-35",
    dossier: Dossier = DOSSIER,
    port: Port = PORT,
) -> None:
    """Dépose un flux dans l'installation en marche, et suit sa lecture jusqu'à la fin."""
    from deploy.local.depot import deposer

    installation = _installation(dossier, port)
    autorisation = portees_par_client()[client][0]
    importe = asyncio.run(deposer(installation, fichier, client, autorisation, _console))
    print(json.dumps(importe, ensure_ascii=False))
    if importe["statut"] != "terminee":
        raise typer.Exit(1)


@conventions.command("importer")
def importer_conventions(
    code: Annotated[str, typer.Argument(help="Collectivité, ex. 35D.")],
    fichiers: Annotated[
        Path, typer.Option(help="Dossier des fichiers YAML.", exists=True, file_okay=False)
    ] = COLLECTIVITES,
    essai: Annotated[
        bool, typer.Option("--essai", help="Dire ce qui changerait, sans rien écrire.")
    ] = False,
    dossier: Dossier = DOSSIER,
    port: Port = PORT,
) -> None:
    """Importe conventions et actions dans l'installation en marche, et écrit les différences."""
    from deploy.local.importation import Signe, comparer, importer

    lues = charger(fichiers)
    if code not in lues:
        raise ErreurLocale(
            f"« {code} » n'a pas de fichier.", f"Choisissez parmi {', '.join(lues)}."
        )
    collectivite = lues[code]
    client = next(one for one in collectivite.clients if "financement:administrer" in one.portees)
    installation = _installation(dossier, port)

    async def jouer() -> None:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            si = Partenaire(
                installation.adresses,
                http,
                client_id=client.client_id,
                secret=installation.secret(client.client_id),
                collectivite=code,
                portees=client.portees,
            )
            ecarts = await comparer(si, collectivite)
            for ecart in ecarts:
                print(*ecart.lignes(), sep="\n")
            ecrits = sum(ecart.signe is not Signe.AVENANT for ecart in ecarts)
            if not essai:
                await importer(si, collectivite, ecarts)
            _dire(f"{ecrits} à écrire : rien ne l'est." if essai else f"{ecrits} écrits.")

    asyncio.run(jouer())


def _installation(dossier: Path, port: int, *, bac_a_sable: bool = False) -> Installation:
    return Installation(
        dossier.resolve(),
        port=port,
        url_postgres=os.environ.get("JALONS_POSTGRES_URL") or None,
        bac_a_sable=bac_a_sable,
    )


@contextmanager
def _en_marche(
    dossier: Path, port: int, *, neuf: bool = False, workers: int = 1, bac_a_sable: bool = False
) -> Iterator[Installation]:
    _dire("Démarrage : PostgreSQL, migrations, émetteur, services, travailleur…")
    voulue = _installation(dossier, port, bac_a_sable=bac_a_sable)
    with voulue.en_marche(neuf=neuf, workers=workers) as installation:
        yield installation
        _dire("Arrêt…")


def _veiller(installation: Installation) -> None:
    """Stay until a signal, starting again what dies."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1):
        said = installation.veiller()
        if said:
            _dire(said)


def _exige_reglages(service: str) -> None:
    prefix = f"JALONS_{service.upper()}_"
    needed = [f"{prefix}URL", f"{prefix}POSTGRES", f"{prefix}CLE", "JALONS_EMETTEUR_URL"]
    missing = [name for name in needed if not os.environ.get(name)]
    if missing:
        raise ErreurLocale(
            f"Il manque à {service} : {', '.join(missing)}.",
            "Donnez ces variables, ou lancez ./jalons serve sans nom de service : il les pose.",
        )


def _essayer(nom: str, essai: Callable[[], bool]) -> bool:
    _dire(f"— {nom}")
    return essai()


def _dire(texte: str) -> None:
    _console.print(texte)


def main() -> None:
    """Run the command; what goes wrong on this machine is a sentence, never a traceback."""
    # A stop asked by the system is like a Ctrl-C: what was started is stopped in order. So is an
    # interruption, though a script's background job begins by ignoring it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        app(prog_name="./jalons")
    except ErreurLocale as error:
        _console.print(f"[red]{error.constat}[/red] {error.issue}")
        sys.exit(1)
    except OSError as error:
        _console.print(f"[red]Le système refuse : {error.strerror}.[/red] Rien n'est perdu.")
        sys.exit(1)
    except Exception as error:
        # A defect of ours: the place is for whoever mends it, and is kept out of the terminal.
        trace = DOSSIER / "jalons-erreur.log"
        trace.parent.mkdir(exist_ok=True)
        trace.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        _console.print(
            f"[red]Erreur inattendue ({type(error).__name__}).[/red] Rien n'est perdu :"
            f" relancez la commande. Le détail est dans {trace}."
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
