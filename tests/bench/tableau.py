"""What the bench found, as a table."""

from rich import box
from rich.console import Console
from rich.table import Table

from deploy.local.partenaire import Json


def afficher(console: Console, bilan: Json) -> None:
    """Print each budget, what was measured and whether it is held."""
    machine, taille = bilan["machine"], bilan["taille"]
    table = Table(
        title="Jalons – budgets de architecture.md",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        caption=f"{machine['coeurs']} cœurs, Python {machine['python']}, PostgreSQL"
        f" {machine['postgresql']}, charge au départ {machine['charge_au_depart']}.\n"
        f"{taille['tours']} tours de {taille['duree_s']:g} s, {taille['connexions']} connexions ;"
        f" générateur : {bilan['mesures']['nue']['part_generateur']:.0%} d'un cœur au plus.",
        caption_justify="left",
    )
    for nom in ("Budget", "Mesuré", "Rapport", "Exigé", "Visé", ""):
        table.add_column(nom, justify="left" if nom in ("Budget", "") else "right", no_wrap=True)
    for one in bilan["budgets"]:
        table.add_row(
            one["nom"],
            one["mesure"],
            f"[bold]{one['rapport']:.3f}[/bold]",
            f"{'≤' if one['sens'] == 'au plus' else '≥'} {one['budget']:.2f}",
            "" if one["visee"] is None else f"{one['visee']:.2f}",
            _verdict(one),
        )
    console.print(table)


def _verdict(budget: Json) -> str:
    if not budget["tenu"]:
        return "[red]manqué[/red]"
    return "[green]visé[/green]" if budget["visee_atteinte"] else "[green]tenu[/green]"
