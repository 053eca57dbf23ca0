// The live stream: one per browser, none while every tab is hidden. It carries references; what changed is fetched again.
const body = document.body;
const url = body.dataset.stream;
const notice = document.getElementById("lost");
const others = "BroadcastChannel" in window ? new BroadcastChannel("bongsu-live") : null;
const PATIENCE = 3000; // before a loss is said
const PULSE = 20000; // between looks at the notices of the house: no fact announces that its worker is silent
let source = null;
let letGo = null; // gives the stream to another tab
let lossTimer = null;
let wasLost = false;

const announce = (name, detail) => body.dispatchEvent(new CustomEvent(`bongsu:${name}`, { detail }));

function hear(message) {
  if (message.kind === "fact") {
    const { subject } = message;
    for (const name of new Set([subject, subject.split(":")[0], "any"])) announce(name, message);
  } else if (message.kind === "again") {
    announce("again", message);
  } else {
    setLost(message.kind === "lost");
  }
}

function tell(message) {
  hear(message);
  others?.postMessage(message);
}

function setLost(isLost) {
  notice.textContent = isLost ? body.dataset[notice.dataset.why || "lost"] : "";
  notice.hidden = !isLost;
}

function lost() {
  lossTimer ??= setTimeout(() => { wasLost = true; tell({ kind: "lost" }); }, PATIENCE);
}

function found() {
  clearTimeout(lossTimer);
  lossTimer = null;
  if (!wasLost) return;
  wasLost = false;
  tell({ kind: "found" });
  tell({ kind: "again" });
}

function open() {
  source = new EventSource(url);
  source.addEventListener("open", found);
  source.addEventListener("fact", (event) => tell({ kind: "fact", ...JSON.parse(event.data) }));
  source.addEventListener("reload", () => tell({ kind: "again" }));
  source.addEventListener("error", () => {
    lost();
    // The browser tries again by itself unless the answer was a refusal.
    if (source?.readyState === EventSource.CLOSED) setTimeout(() => source && (source.close(), open()), 5000);
  });
}

function close() {
  source?.close();
  source = null;
  clearTimeout(lossTimer);
  lossTimer = null;
}

// Holds the browser-wide lock while this tab is seen; whoever holds it has the stream.
function start() {
  if (letGo) return;
  if (!navigator.locks) { letGo = () => {}; open(); return; }
  const stop = new AbortController();
  let done;
  letGo = () => { stop.abort(); done?.(); };
  navigator.locks.request("bongsu-live", { signal: stop.signal }, () => {
    open();
    return new Promise((resolve) => { done = resolve; });
  }).catch((error) => { if (error.name !== "AbortError") throw error; });
}

function stop() {
  letGo?.();
  letGo = null;
  close();
}

let hiddenAt = 0;
function seen() {
  if (document.hidden) {
    hiddenAt = Date.now();
    stop();
  } else {
    start();
    if (hiddenAt) announce("again", {});
    hiddenAt = 0;
  }
}

if (url && notice) {
  others?.addEventListener("message", (event) => hear(event.data));
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => event.persisted && seen());
  seen();
  setInterval(() => document.hidden || announce("pulse", {}), PULSE);
}

// The same words are not put in again: a screen reader would say them every time, and the focus would be lost.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, serverResponse } = event.detail;
  if (target.id !== "notices" || xhr.status !== 200) return;
  const fresh = document.createRange().createContextualFragment(serverResponse);
  if (fresh.textContent.trim() === target.textContent.trim()) event.detail.shouldSwap = false;
});

// What a person is working in is not taken away under his hands: it is fetched when he is done.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  if (!requestConfig.triggeringEvent?.type?.startsWith("bongsu:")) return;
  if (elt.querySelector("[data-kept]")) { event.preventDefault(); return; } // what was revealed goes when it is told to
  const busy = elt.querySelector("dialog[open]") || elt.querySelector("input:focus, textarea:focus, select:focus");
  if (!busy) return;
  event.preventDefault();
  const when = busy.tagName === "DIALOG" ? "close" : "blur";
  busy.addEventListener(when, () => setTimeout(() => window.htmx.ajax("GET", requestConfig.path, { target: elt, swap: "outerHTML" }), 300), { once: true });
});
