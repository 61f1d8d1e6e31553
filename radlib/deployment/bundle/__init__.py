"""The folder that a device gets: the specification of its reader, vectors that prove a reader, the reader and its set-up.

*specification* says in words and numbers every step from a file to a decision; *conformance* holds drawn films and the
bytes after each step, made by the functions that read films on the desk. Begin with `specification.specification`.
"""
