"""A study spread over many processes or machines by Snakemake, an engine that others keep.

Begin with `snakefile` (a study as rules, one for each training, variant, its answers, and the report), then `steps`: what a rule runs.
"""
