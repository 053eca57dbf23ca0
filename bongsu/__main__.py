"""`python -m bongsu`: the command line."""

import sys


def main() -> None:
    from django.db import DatabaseError

    from bongsu.kernel.errors import BongsuError
    from bongsu.site.cli import no_house, prepare, root

    prepare()
    try:
        root()()
    except DatabaseError:
        if words := no_house():
            print(words, file=sys.stderr)
            sys.exit(2)
        raise
    except BongsuError as error:
        from bongsu.ui.language import say

        print(say(error.text), file=sys.stderr)
        for name, text in error.fields.items():
            print(f"  {name}: {say(text)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
