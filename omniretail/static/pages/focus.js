// The admin hides its pages until its scripts have run, and a browser does not focus what is
// hidden: a scanner would type into nothing. So the field is focused once the page is there.
addEventListener("load", () => requestAnimationFrame(() => document.querySelector("[autofocus]")?.focus()));
