"""A microcontroller's view of a variant: does its file run in the micro runtime, with how much memory, and to which answers.

TensorFlow Lite Micro runs a LiteRT file from flash, in one block of memory (the arena) that its owner sets aside, with the operators that
he links in and no others. So three things must be known before a board is bought: the operators, the bytes of flash and the
bytes of arena. Begin with `trial.micro_trial`.
"""
