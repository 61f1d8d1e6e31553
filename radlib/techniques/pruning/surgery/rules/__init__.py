"""What each kind of layer does with channels: one rule per kind, in a registry.

A rule is a function from one call of a layer (see `channels.Call`) to its effect: the channels that come out,
the axes of its weights that shrink, and what changes in its config. A new kind of layer is one registered
function; a layer without a rule is never guessed at. Begin with `elementwise`.
"""
