"""Import and export of files: endpoints, admin pages, and the table of import kinds."""
