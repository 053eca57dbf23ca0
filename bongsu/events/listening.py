"""Who listens to what. `@on(Fact)` and `@on_timer("kind")` register a function under its module and name."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bongsu.kernel.facts import Fact

if TYPE_CHECKING:
    from .models import Event, Timer

Reaction = Callable[["Event", Any], None]
R = TypeVar("R", bound=Reaction)
T = TypeVar("T", bound=Callable[["Timer"], None])


@dataclass(frozen=True)
class Listener:
    """`key` is `module.function`, kept in deliveries: renaming the function orphans what is still open."""

    key: str
    run: Reaction
    is_before_close: bool


_listeners: dict[str, dict[str, Listener]] = {}
_timers: dict[str, Callable[["Timer"], None]] = {}
_names: list[Callable[[Iterable[str]], dict[str, str]]] = []


def on(*kinds: type[Fact], before_close: bool = False) -> Callable[[R], R]:
    """Call the function once for every event of these kinds, in the worker, in one transaction.

    `before_close`: the record may not be closed before this listener has had its say (it leaves duties).
    """

    def register(run: R) -> R:
        key = f"{run.__module__.removeprefix('bongsu.').split('.')[0]}.{run.__name__}"  # type: ignore[attr-defined]
        for kind in kinds:
            heard = _listeners.setdefault(kind.name, {})
            if key in heard and heard[key].run is not run:
                raise TypeError(f"two listeners are called {key}")
            heard[key] = Listener(key, run, before_close)
        return run

    return register


def on_timer(kind: str) -> Callable[[T], T]:
    """Call the function when a timer of this kind fires, in one transaction that has locked the timer."""

    def register(run: T) -> T:
        if kind in _timers and _timers[kind] is not run:
            raise TypeError(f"two functions answer the timer {kind}")
        _timers[kind] = run
        return run

    return register


def listeners_of(fact_name: str) -> list[Listener]:
    return list(_listeners.get(fact_name, {}).values())


def listener(fact_name: str, key: str) -> Listener | None:
    return _listeners.get(fact_name, {}).get(key)


def timer_function(kind: str) -> Callable[["Timer"], None] | None:
    return _timers.get(kind)


def register_names(resolve: Callable[[Iterable[str]], dict[str, str]]) -> None:
    """People tell the ledger how to turn actor keys into names for display."""
    _names.append(resolve)


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """Display names of actor keys; a key nobody knows keeps itself."""
    wanted = set(keys)
    found = {key: key.partition(":")[2] or key for key in wanted}
    for resolve in _names:
        found.update(resolve(wanted))
    return found
