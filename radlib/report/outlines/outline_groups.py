"""Whose outlines suffer? Dice within each group of films that the data set knows, of every variant beside its original."""

import functools

from radlib.report.place_groups import place_groups

outline_groups = functools.partial(place_groups, measure="dice")
