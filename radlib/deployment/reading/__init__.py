"""Films in, answers out: what `radlib predict` and the reader of a bundle share, and what the reader has beside it.

*answering* opens a variant and turns decoded films into answers; *film_files* says which files are meant; *watching* waits for
films in a folder. Begin with `answering.answering`.
"""
