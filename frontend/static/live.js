// Live regions: one WebSocket per page says what changed, never how it looks; each region then fetches its own HTML.
//
//   <div data-region="/batches/12/board/" data-topics="batch.12" data-etag='"3f…"'>…</div>
//   <span data-live-sign data-text-live="…" data-text-connecting="…" data-text-offline="…" data-text-stopped="…"></span>
//
// Rows may carry data-key: focus and scrolling are kept by it (or by id), and changed rows get the class `is-fresh`.
// A region whose form field holds text that was not saved is left alone until the field is left.
// After each replacement the region dispatches `region:updated` (bubbles). Code that changes the page itself may
// dispatch `region:refresh` on a region, or call `window.tenchoLive.scan()` after adding regions.
(() => {
  "use strict";

  const SOON_MS = 50; // after a quiet while: one action often says several things
  const COALESCE_MS = 300; // under steady traffic: at least so long between two fetches
  const CROWD_MS = 5000; // with a crowd listening, a region is fetched at most this often
  const POLL_MS = 60000; // while there is no socket
  const FRESH_MS = 2500;
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 10000;
  const PING_MS = 25000;
  const TOPICS_AT_ONCE = 64;

  const regions = new Map(); // element → {timer, running, again, fetched}
  const listening = new Set(); // topics the server said yes to, on this socket
  let socket = null;
  let failures = 0;
  let stopped = false;
  let reconnectTimer = 0;
  let pollTimer = 0;
  let pingTimer = 0;
  let heardAt = 0;

  // ---- the sign -------------------------------------------------------------------------------

  function show(state) {
    for (const sign of document.querySelectorAll("[data-live-sign]")) {
      sign.dataset.state = state;
      const text = sign.getAttribute(`data-text-${state}`);
      if (text !== null && sign.textContent !== text) sign.textContent = text;
    }
    document.documentElement.dataset.live = state;
  }

  // ---- regions --------------------------------------------------------------------------------

  function topicsOf(element) {
    return (element.dataset.topics || "").split(/\s+/).filter(Boolean);
  }

  function scan() {
    for (const element of regions.keys()) if (!element.isConnected) forget(element);
    for (const element of document.querySelectorAll("[data-region]")) {
      if (regions.has(element)) continue;
      regions.set(element, { timer: 0, running: false, again: false, fetched: 0 });
      element.addEventListener("region:refresh", () => refresh(element));
    }
    subscribe();
  }

  function forget(element) {
    clearTimeout(regions.get(element).timer);
    regions.delete(element);
  }

  function wanted() {
    const topics = new Set();
    for (const element of regions.keys()) for (const topic of topicsOf(element)) topics.add(topic);
    return topics;
  }

  // The first change is fetched soon, what follows together; the last change is never lost.
  function plan(element, spread) {
    const region = regions.get(element);
    if (!region || region.timer) return;
    let delay = Math.max(SOON_MS, region.fetched + COALESCE_MS - Date.now());
    if (spread > 0) {
      delay += Math.random() * spread;
      delay = Math.max(delay, region.fetched + CROWD_MS - Date.now());
    }
    region.timer = setTimeout(() => {
      region.timer = 0;
      refresh(element);
    }, delay);
  }

  function resync() {
    for (const element of regions.keys()) refresh(element);
  }

  async function refresh(element) {
    const region = regions.get(element);
    if (!region) return;
    if (document.hidden || stopped) return; // everything is looked at again when the page is shown
    if (region.running) {
      region.again = true;
      return;
    }
    region.running = true;
    region.fetched = Date.now();
    try {
      await load(element);
    } catch {
      // Offline or a server that is restarting: the socket or the next poll brings it up to date.
    }
    region.running = false;
    if (region.again) {
      region.again = false;
      plan(element, 0);
    }
  }

  async function load(element) {
    const headers = { "X-Region": "1" };
    if (element.dataset.etag) headers["If-None-Match"] = element.dataset.etag;
    const answer = await fetch(element.dataset.region, {
      headers,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "manual",
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      stop(); // sent to the sign-in page: the session is over
      return;
    }
    if (answer.status === 403 || answer.status === 404 || answer.status === 410) {
      element.dispatchEvent(new CustomEvent("region:gone", { bubbles: true, detail: { status: answer.status } }));
      return;
    }
    if (answer.status !== 200) return;
    const html = await answer.text();
    await untilUntouched(element);
    if (window.tenchoReleased) await window.tenchoReleased();
    if (!element.isConnected) return;
    replace(element, html);
    element.dataset.etag = answer.headers.get("ETag") || "";
    element.dispatchEvent(new CustomEvent("region:updated", { bubbles: true }));
  }

  // ---- replacing without disturbing -----------------------------------------------------------

  function isUnsaved(field) {
    if (!field || !("defaultValue" in field) || field.type === "button" || field.type === "submit") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    return field.value !== field.defaultValue;
  }

  function unsavedField(element) {
    const field = document.activeElement;
    if (!field || !element.contains(field)) return null;
    if (field.isContentEditable) return field;
    return isUnsaved(field) ? field : null;
  }

  async function untilUntouched(element) {
    for (let field = unsavedField(element); field; field = unsavedField(element)) {
      await new Promise((done) => field.addEventListener("blur", done, { once: true }));
      // The blur may belong to a click on a button of the same form: let that happen first.
      await new Promise((done) => setTimeout(done, 0));
    }
  }

  function place(node, root) {
    for (let here = node; here && here !== root; here = here.parentElement) {
      if (here.id) return { selector: `#${CSS.escape(here.id)}`, exact: here === node };
      if (here.dataset && here.dataset.key) {
        const selector = `[data-key="${CSS.escape(here.dataset.key)}"]`;
        if (here === node) return { selector, exact: true };
        const inside = [...here.querySelectorAll(node.tagName)].indexOf(node);
        return { selector, exact: false, tag: node.tagName, inside };
      }
    }
    return null;
  }

  function find(root, spot) {
    const anchor = spot && root.querySelector(spot.selector);
    if (!anchor || spot.exact) return anchor;
    return spot.tag ? anchor.querySelectorAll(spot.tag)[spot.inside] || null : null;
  }

  // A countdown goes on by itself and a form's token is new each time: neither is a change.
  const PASSING = /<time\b[^>]*\bdatetime="([^"]*)"[^>]*>[^<]*<\/time>|name="csrfmiddlewaretoken" value="[^"]*"/g;
  const look = (row) => row.innerHTML.replace(PASSING, "$1");

  function rows(root) {
    const found = new Map();
    for (const row of root.querySelectorAll("[data-key]")) found.set(row.dataset.key, look(row));
    return found;
  }

  function scrolled(root) {
    return [...root.querySelectorAll("[id], [data-key]")]
      .filter((node) => node.scrollTop || node.scrollLeft)
      .map((node) => ({ spot: place(node, root), top: node.scrollTop, left: node.scrollLeft }));
  }

  function replace(element, html) {
    const before = rows(element);
    const scrolls = scrolled(element);
    const [top, left] = [element.scrollTop, element.scrollLeft];
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    const spot = focused && focused !== element ? place(focused, element) : null;
    const caret = focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;

    element.innerHTML = html;

    element.scrollTop = top;
    element.scrollLeft = left;
    for (const { spot: where, top: y, left: x } of scrolls) {
      const node = find(element, where);
      if (node) [node.scrollTop, node.scrollLeft] = [y, x];
    }
    const again = find(element, spot);
    if (again) {
      again.focus({ preventScroll: true });
      if (caret && caret[0] !== null) {
        try {
          again.setSelectionRange(caret[0], caret[1]);
        } catch {
          // Not a field with a caret.
        }
      }
    }
    markFresh(element, before);
  }

  function markFresh(element, before) {
    if (before.size === 0) return;
    for (const row of element.querySelectorAll("[data-key]")) {
      if (before.get(row.dataset.key) === look(row)) continue;
      row.classList.add("is-fresh");
      setTimeout(() => row.classList.remove("is-fresh"), FRESH_MS);
    }
  }

  // ---- the socket -----------------------------------------------------------------------------

  function send(message) {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  function subscribe() {
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    const topics = wanted();
    const gone = [...listening].filter((topic) => !topics.has(topic));
    const missing = [...topics].filter((topic) => !listening.has(topic)).slice(0, TOPICS_AT_ONCE);
    for (const topic of gone) listening.delete(topic);
    for (const topic of missing) listening.add(topic);
    if (gone.length) send({ type: "unsubscribe", topics: gone });
    if (missing.length) send({ type: "subscribe", topics: missing, since: null });
  }

  function connect() {
    clearTimeout(reconnectTimer);
    reconnectTimer = 0;
    if (socket || stopped || document.hidden) return;
    scan();
    if (regions.size === 0 && !document.querySelector("[data-live-sign]")) return;
    show(failures > 2 ? "offline" : "connecting");
    const address = new URL("/ws/live/", window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const mine = new WebSocket(address);
    socket = mine;
    heardAt = Date.now();
    clearInterval(pingTimer);
    pingTimer = setInterval(checkPulse, PING_MS);
    mine.onmessage = (event) => {
      heardAt = Date.now();
      hear(JSON.parse(event.data));
    };
    mine.onclose = (event) => {
      if (socket !== mine) return;
      socket = null;
      clearInterval(pingTimer);
      if (event.code >= 4000) stop();
      else if (!document.hidden) later();
    };
  }

  // Not when the socket opens: one that is refused is opened first as well.
  function welcome() {
    failures = 0;
    listening.clear();
    show("live");
    clearInterval(pollTimer);
    pollTimer = 0;
    subscribe();
    // With nothing to subscribe to no "subscribed" follows.
    if (wanted().size === 0) resync();
  }

  function hear(message) {
    if (message.type === "hello") welcome();
    else if (message.type === "subscribed" || message.type === "resync") resync();
    else if (message.type === "refused") listening.add(message.topic); // asked once, not again on this socket
    else if (message.type === "changed") {
      for (const element of regions.keys()) {
        if (topicsOf(element).includes(message.topic)) plan(element, message.spread_ms || 0);
      }
      document.dispatchEvent(new CustomEvent("live:changed", { detail: message }));
    }
  }

  // A connection may die without a word (a laptop asleep, a proxy gone).
  function checkPulse() {
    if (Date.now() - heardAt > 2 * PING_MS + 5000) drop();
    else send({ type: "ping" });
  }

  function drop() {
    const old = socket;
    socket = null;
    clearInterval(pingTimer);
    if (old) old.close();
    if (!document.hidden && !stopped) later();
  }

  function later() {
    failures += 1;
    show(failures > 2 ? "offline" : "connecting");
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
    const wait = FIRST_WAIT_MS + Math.random() * (longest - FIRST_WAIT_MS);
    reconnectTimer = setTimeout(connect, wait);
    if (!pollTimer) pollTimer = setInterval(resync, POLL_MS);
  }

  function stop() {
    stopped = true;
    clearTimeout(reconnectTimer);
    clearInterval(pollTimer);
    clearInterval(pingTimer);
    const old = socket;
    socket = null;
    if (old) old.close();
    show("stopped");
    document.dispatchEvent(new CustomEvent("live:stopped"));
  }

  // Signed in again in place: everything is looked at anew.
  function resume() {
    if (!stopped) return;
    stopped = false;
    failures = 0;
    connect();
    resync();
  }

  function pause() {
    clearTimeout(reconnectTimer);
    clearInterval(pollTimer);
    clearInterval(pingTimer);
    reconnectTimer = pollTimer = 0;
    const old = socket;
    socket = null;
    if (old) old.close();
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? pause() : connect()));
  window.addEventListener("pagehide", pause);
  window.addEventListener("pageshow", (event) => event.persisted && connect());
  // The network is gone: say so now, not after the next unanswered ping. Trying goes on, for a server may be near.
  window.addEventListener("offline", () => {
    if (!socket) return;
    failures = 3;
    drop();
  });
  window.addEventListener("online", () => {
    failures = 0;
    if (!socket) connect();
  });
  document.addEventListener("session:resumed", resume);
  window.tenchoLive = { scan };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", connect);
  else connect();
})();
