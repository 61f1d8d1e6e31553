"""The page: exported variants as a folder of static files that reads films in any browser, without a server.

Begin with `writing` (a bundle put beside the built page). *browser_models* makes of a bundle's model one that the browser's
runtime takes; *variant_records* says what the page is told of a variant; *serving* shows it on this machine alone.
"""
