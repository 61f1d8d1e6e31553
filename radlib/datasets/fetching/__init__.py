"""Films fetched from where they are published, each file held against a hash; begin with `fetch.fetch`."""
