// A scanner types a code, presses Enter and waits for nothing. So each scan is taken off its field
// at once and sent behind the page, one after another; the page then shows what the answer shows.
// Without this script the form posts itself, and the answer is the next page.
"use strict";
{
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const label = (button) => button.textContent.trim().replace(/\s+/g, " ");
  const queue = []; // what was scanned and has no answer yet, the oldest first
  let sending = false;
  let pause = 0, retry; // milliseconds until the next try, while no answer comes
  let stopped = ""; // why nothing can be sent: the answers are not this page
  let booking = null; // the button that was pressed and waits for the queue
  let unbooked = false; // something was counted that is on this page only

  addEventListener("submit", (event) => {
    const button = event.submitter;
    const isScan = button?.closest("[data-scan]");
    if (!isScan && !queue.length && navigator.onLine) {
      if (event.target === awaited().form) unbooked = false;
      return; // the browser sends it
    }
    event.preventDefault();
    if (isScan) take(button);
    else booking = button; // no scan may be overtaken
    work();
  });

  function take(button) {
    const fields = all("[data-scan] input"); // the scan's own is the first
    const typed = fields.map((field) => [field.name, field.value]);
    const code = typed.map(([, value]) => value.trim()).find(Boolean) ?? "";
    // Some scanners press Enter twice. In another field it may be a scan gone astray: that is said.
    const isTwice = !typed[0][1] && document.activeElement === fields[0] && !button.formNoValidate;
    for (const field of fields) field.value = field.dataset.next ?? field.value;
    awaited().focus();
    if (isTwice) return;
    if (!queue.length) dismiss(); // who scans on after a refusal has had time to see it
    if (button.name) typed.push([button.name, button.value]);
    const own = one("[data-scan-id]", awaited().form);
    if (own) typed.push([own.name, newId()]); // of this scan, whatever becomes of others
    queue.push({ code, typed, since: Date.now() });
  }

  // A random UUID; the browser's own is not there without TLS.
  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  async function work() {
    if (!queue.length && !booking) return;
    clearTimeout(retry);
    tell();
    if (sending) return;
    sending = true;
    while (queue.length && (await send(queue[0]))) {
      queue.shift();
      tell();
    }
    sending = false;
    if (pause) retry = setTimeout(work, pause);
    if (stopped) callOff();
    if (booking && !queue.length && navigator.onLine) {
      const button = booking;
      booking = null;
      button.form.requestSubmit(button);
    }
    tell();
  }
  addEventListener("online", work);
  addEventListener("visibilitychange", work); // such as after signing in in another tab
  addEventListener("beforeunload", (event) => {
    if (queue.length || unbooked) event.preventDefault();
  });

  // Send a scan with what the page says by now; return whether it was answered. Sent again it has
  // the same numbers and the same id: it counts once, though the answer was lost on its way.
  async function send(scan) {
    let got = await ask("POST", filled(scan));
    if (stopped && (got = await ask("GET"))) { // a new sign-in: the token has changed
      const token = one("[name=csrfmiddlewaretoken]", got.page).value;
      for (const field of all("[name=csrfmiddlewaretoken]")) field.value = token;
      got = await ask("POST", filled(scan));
    }
    if (!got) return false;
    const why = all("[data-refusal]", got.page).map(label).join(" ").trim();
    if (why) {
      refuse(why.includes(scan.code) ? why : `${scan.code}: ${why}`);
      callOff();
      return true;
    }
    unbooked = !got.answer.redirected; // what the server has kept, it answers by leading on
    if (got.answer.redirected) history.replaceState(null, "", got.answer.url);
    const fresh = all("[data-renewed]", got.page);
    all("[data-renewed]").forEach((part, n) => renew(part, fresh[n], got.sent));
    return true;
  }

  function filled(scan) {
    const form = new FormData(awaited().form);
    for (const [name, value] of scan.typed) form.set(name, value);
    form.set("waited", (Date.now() - scan.since) / 1000); // seconds since it was scanned
    return form;
  }

  // Return an answer that is this page, else null, and note what is wrong.
  async function ask(method, sent) {
    const request = { method, body: sent, signal: AbortSignal.timeout(20_000) };
    const answer = await fetch(location.href, request).catch(() => null);
    const text = await answer?.text().catch(() => null);
    if (text == null || answer.status >= 500 || [408, 429].includes(answer.status)) {
      pause = Math.min(2 * pause || 1_000, 15_000); // no connection, or a server that cannot now
      return null;
    }
    const page = new DOMParser().parseFromString(text, "text/html");
    pause = 0;
    stopped = "";
    if (one("[data-scan]", page)) return { answer, page, sent };
    if (new URL(answer.url).pathname !== location.pathname)
      stopped = "You are signed out: sign in in another tab, then come back to this one.";
    else
      stopped = `Nothing can be scanned here now (${page.title.trim() || answer.status}).`;
    return null;
  }

  // Make a part of the page say what its like says in the answer. What holds fields or is read
  // out stays the same element: a new field has neither focus nor what was typed meanwhile, and of
  // a new status or alert a screen reader says nothing.
  function renew(old, fresh, sent) {
    if (old.matches("[data-scan]")) return; // belongs to the next scan already
    if (old.matches("[data-renewed=whole]")) {
      old.replaceChildren(...fresh.childNodes); // buttons alone: which they are changes
    } else if (old.matches("input")) {
      if (old.type === "hidden" || old.value === sent.get(old.name)) old.value = fresh.value;
    } else if (one("input, [role=status], [role=alert]", old)) {
      [...fresh.children].forEach((child, n) => {
        const like = child.id ? document.getElementById(child.id) : old.children[n];
        if (like) renew(like, child, sent);
        else old.insertBefore(child, old.children[n] ?? null);
      });
    } else if (old.matches("[role=status]") || !old.isEqualNode(fresh)) {
      old.replaceChildren(...fresh.childNodes);
    }
  }

  // Say how the scans are doing, unless all is as quick as it should be.
  function tell() {
    const isOne = queue.length === 1;
    const scans = isOne ? "1 scan" : `${queue.length} scans`;
    const codes = queue.map((scan) => scan.code).join(", ");
    let words = "";
    if (queue.length > 1) words = `${scans} are on their way.`;
    if (queue.length && pause) words = `${scans} ${isOne ? "waits" : "wait"} for the connection.`;
    if (queue.length && stopped) words = `${stopped} Not counted yet: ${codes}.`;
    const before = queue.length ? scans : "the connection";
    if (booking) words += ` “${label(booking)}” waits for ${before}.`;
    words = words.trim();
    const region = one("[data-waiting]");
    if (region.textContent !== words) region.textContent = words; // else it is read out again
  }

  // What was refused stays, however many scans succeed after it, until it has been read.
  function refuse(words) {
    const line = document.createElement("p");
    line.textContent = words;
    one("[data-refused]").append(line);
    one("[data-dismiss]").hidden = false;
  }
  function callOff() {
    if (!booking) return;
    refuse(`“${label(booking)}” was not done: see to this first, then press it again.`);
    booking = null;
  }
  function dismiss() {
    one("[data-refused]").replaceChildren();
    one("[data-dismiss]").hidden = true;
  }
  addEventListener("click", (event) => {
    if (!event.target.closest("[data-dismiss]")) return;
    dismiss();
    awaited().focus();
  });
}
