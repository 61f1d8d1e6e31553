"""The page: exported variants as a folder of static files that reads films in any browser, without a server.

*browser_models* makes of a bundle's model one that the browser's runtime takes; *variant_records* says what the page is
told of a variant; *writing* puts them beside the built page, and *serving* shows it on this machine alone.
"""
