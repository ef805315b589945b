"""Search over what was said: Korean as people type it, in ordinary tables.

A text is folded to its letters and digits, so spacing, punctuation and case do not count. Which
transcripts hold one, two or three neighbouring letters stands in `search_grams`; what is longer is
looked for in the folded texts (`search_texts`) of those that hold its parts.
"""
