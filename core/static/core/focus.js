// What is typed while no field has the focus, such as after a tap beside it, is meant for the field
// that waits for something: a scanner cannot look. The admin hides its pages until its own scripts
// have run, and what is hidden gets no focus; what is typed until then is kept, so this script
// stands in the head and waits for nothing.
"use strict";
const awaited = () =>
  document.querySelector("[data-scan] [data-next]:invalid") ??
  document.querySelector("[data-scan] [data-next]");
{
  let early = "";
  const ready = () => awaited() !== null && document.activeElement === awaited();

  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (target.closest?.("input, select, textarea")) return;
    // Enter and Space press the button that has the focus, unless a code was begun early.
    if (key === "Enter" ? !early : key.length > 1 || (key === " " && !early)) return;
    if (!awaited() && document.readyState !== "loading") return;
    awaited()?.focus();
    if (ready()) return replay(); // and the browser types this key
    early += key === "Enter" ? "\n" : key;
    event.preventDefault();
  });

  function replay() {
    const codes = early.split("\n");
    early = "";
    codes.forEach((code, n) => {
      if (n) awaited().form.requestSubmit(document.querySelector("[data-scan] [type=submit]"));
      awaited().value += code;
    });
  }

  for (const moment of ["DOMContentLoaded", "load"])
    addEventListener(moment, () => requestAnimationFrame(() => {
      if (document.activeElement === document.body) awaited()?.focus();
      if (ready()) replay();
    }));
}
