"""The words of a command line, before they are parsed: `-p epochs=8` means `-p epochs 8`."""

import re
from collections.abc import Sequence

import click

NAME_AND_VALUE = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)
ASSIGNED = re.compile(r"(?:-p|--parameter=)(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)


class PairedParameters(click.Command):
    """A command whose `-p NAME=VALUE` means `-p NAME VALUE`."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Take names and values apart where one word holds both, then parse as usual."""
        return super().parse_args(context, paired(args))


def paired(words: Sequence[str]) -> list[str]:
    """Return the words of a command line with every `-p NAME=VALUE` as `-p NAME VALUE`.

    Example:
        >>> paired(["-p", "epochs=8", "-ptag=a=b", "-p", "chains", "[int8]"])
        ['-p', 'epochs', '8', '-p', 'tag', 'a=b', '-p', 'chains', '[int8]']
    """
    result, position = [], 0
    while position < len(words):
        word, option = words[position], next((o for o in ("-p", "--parameter") if words[position] == o), "")
        joined = ASSIGNED.fullmatch(word)
        following = words[position + 1] if option and position + 1 < len(words) else ""
        if joined:
            result += ["-p", joined["name"], joined["value"]]
        elif option and (both := NAME_AND_VALUE.fullmatch(following)):
            result += ["-p", both["name"], both["value"]]
            position += 1
        else:
            taken = words[position : position + (3 if option else 1)]
            result += taken
            position += len(taken) - 1
        position += 1
    return result
