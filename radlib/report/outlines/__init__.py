"""The report of outlines: Dice where other reports say AUROC, and the films that fail beside the mean.

Begin with `outline_reports`, which hands all of it to the writing of a report. Tables in `outline_results`, verdicts in `outline_judgements`, sentences in
`outline_words`; what is laid out as boxes are, `place_reports`, `place_results` and `place_pages` hold for both.
"""
