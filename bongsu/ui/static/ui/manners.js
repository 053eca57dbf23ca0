// Light and dark; what htmx says when something fails; which tab is open.
const root = document.documentElement;

document.querySelector("[data-theme-switch]")?.addEventListener("click", () => {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  document.cookie = `bongsu_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
});

// On a telephone the menu is wider than the screen: where one is stands in sight.
const here = document.querySelector(".bar nav [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 40;

function complain(near) {
  const line = document.createElement("div");
  line.className = "toast error";
  line.setAttribute("role", "alert");
  line.textContent = document.body.dataset.failed;
  placeFor(near).replaceChildren(line);
}

// A modal dialog hides the page's message area, so it gets its own.
function placeFor(element) {
  const dialog = element?.closest?.("dialog[open]");
  if (!dialog) return document.getElementById("messages");
  let place = dialog.querySelector(":scope > .messages");
  if (!place) {
    place = document.createElement("div");
    place.className = "messages";
    dialog.prepend(place);
  }
  return place;
}

// What stands on the page stays: words that were typed are not lost to a sign-in form.
function signedOut() {
  const notice = document.getElementById("lost");
  notice.dataset.why = "signedOut";
  notice.textContent = document.body.dataset.signedOut;
  notice.hidden = false;
}

// An answer that is no refusal: somebody has signed in again in another window.
function signedIn() {
  const notice = document.getElementById("lost");
  if (!notice?.dataset.why) return;
  delete notice.dataset.why;
  notice.hidden = true;
}

// By a person, that is, and not by the stream, whose loss has a notice of its own.
function isAsked(requestConfig) {
  return !requestConfig?.triggeringEvent?.type?.startsWith("bongsu:");
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, elt, requestConfig } = event.detail;
  const from = requestConfig.elt || elt;
  if (xhr.status === 200) signedIn();
  if (xhr.getResponseHeader("HX-Retarget") === "#messages") {
    event.detail.target = placeFor(from);
  } else if (xhr.status === 401) {
    event.detail.shouldSwap = false;
    signedOut();
  } else if (xhr.status >= 400 && xhr.status !== 422) {
    event.detail.shouldSwap = false;
    if (isAsked(requestConfig)) complain(from);
  }
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => isAsked(event.detail.requestConfig) && complain(event.detail.elt));
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest(".panels a");
  if (!tab) return;
  tab.parentElement.querySelectorAll("[aria-current]").forEach((one) => one.removeAttribute("aria-current"));
  tab.setAttribute("aria-current", "true");
  // The panel that comes by itself must not come over the one that was chosen.
  const box = document.getElementById("panel-below");
  box.dataset.chosen = "1";
  window.htmx.trigger(box, "htmx:abort");
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "panel-below" && event.detail.elt.dataset.chosen) event.preventDefault();
});

// [data-limit]: how much of it is used is said once it gets tight, and what is too long is not sent.
document.addEventListener("input", (event) => {
  const { limit, tooLong } = event.target.dataset || {};
  if (!limit) return;
  const length = event.target.value.length;
  event.target.setCustomValidity(length > limit ? tooLong : "");
  const count = event.target.parentElement.querySelector("[data-count]");
  count.textContent = length > limit * 0.7 ? `${length} / ${limit}` : "";
  count.classList.toggle("late", length > limit);
});
