"""What a network answers to a film as a DICOM Structured Report, which an archive keeps beside the film.

`concepts` has the codes, `content` the tree of what is said, and `documents`, where one begins, the header and the file.
"""
