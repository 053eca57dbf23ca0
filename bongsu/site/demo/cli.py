"""`bongsu demo ...`: local commands that make the demo organisation and its past."""

import getpass
import unicodedata

import typer

from bongsu.kernel.actors import Actor

app = typer.Typer(no_args_is_help=True, help="The demo: an invented organisation and its last quarter. Nothing leaves the house.")


def console() -> Actor:
    user = getpass.getuser()
    return Actor(key=f"console:{user}", name=user)


@app.command("prepare")
def prepare() -> None:
    """Mark an empty database as a demo, for ever, and fill it with people, posts, systems and the default pack."""
    from .organisation import prepare as make
    from .organisation import sign_ins_file

    made = make(console())
    if not made:
        print(f"Demo: it is there already. Its sign-ins: {sign_ins_file()}")
        print("A new password for somebody: bongsu people link <e-mail> prints the address at which it is set.")
        return
    print("\nDemo: an invented organisation. Sign in as one of these (kept in " + str(sign_ins_file()) + "):\n")
    for one in made:
        print(f"  {one.email:<24} {one.password}   {_wide(one.who, 14)} {one.what}")
    print(flush=True)


@app.command("sign-ins")
def sign_ins() -> None:
    """Print the sign-ins of the demo again."""
    from .organisation import sign_ins_file

    path = sign_ins_file()
    if not path.exists():
        print("There are none kept. bongsu people link <e-mail> prints the address at which a password is set.")
        raise typer.Exit(1)
    print(path.read_text(encoding="utf-8"), end="")


@app.command("history")
def history() -> None:
    """Act out the demo's last quarter, once; started again after an interruption it goes on where it was."""
    from bongsu.incidents import queries as incidents

    from . import story, telling

    if telling.is_told():
        return
    said = 0

    def report(done: int, all_of_them: int) -> None:
        nonlocal said
        tenths = done * 10 // all_of_them
        if tenths > said:
            said = tenths
            print(f"  Demo: {done * 100 // all_of_them} % of the past quarter is told", flush=True)

    print("  Demo: the past quarter is being acted out; pages serve meanwhile.", flush=True)
    for refused in story.tell(report):
        print(f"  Demo: left out: {refused}", flush=True)
    burning = ", ".join(f"{one.number} ({one.severity})" for one in incidents.incidents(console(), is_open=True))
    print(f"  Demo: done. Burning now: {burning or 'nothing'}.", flush=True)


def _wide(words: str, width: int) -> str:
    """Padded for a terminal, where a Korean letter takes two places."""
    taken = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)
    return words + " " * max(0, width - taken)
