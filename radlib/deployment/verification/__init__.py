"""Is a run still what it says it is? Every file, everything that follows from another, and a sample of films asked again.

Files rot, are copied half, or are exchanged by hand. *files* holds each against the digest that was noted when it was
written; *answers* computes again what follows from stored answers (probabilities, labels, thresholds, winner, table);
*films* opens the films and asks every variant again. Begin with `verify.verify`.
"""
