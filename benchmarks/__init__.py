"""Speed as ratios: every pair is measured side by side, in one run, on the machine at hand."""
