"""The report of boxes: the box score where other reports say AUROC, and how many are found for how many false marks.

Begin with `box_reports`, which hands all of it to the writing of a report. Tables in `box_results`, verdicts in `box_judgements`, sentences in
`box_words`; what is laid out as outlines are, `place_reports`, `place_results` and `place_pages` hold for both.
"""
