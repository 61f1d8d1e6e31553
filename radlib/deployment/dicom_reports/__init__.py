"""What a network answers to a film as a DICOM Structured Report, which an archive keeps beside the film.

Begin with `documents` (the header and the file); `content` is the tree of what is said, and `concepts` has the codes.
"""
