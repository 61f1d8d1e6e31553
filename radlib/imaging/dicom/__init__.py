"""What scanners write: headers, transfer syntaxes, grey-scale pipeline; begin with `files`."""
