// Dialogs, the last look before something leaves the house, reveal, copy, menus.
const confirmBox = document.getElementById("confirm");

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-opens], [data-closes], [data-reveal], [data-copy]");
  if (!target) return;
  if ("opens" in target.dataset) document.getElementById(target.dataset.opens)?.showModal();
  if ("closes" in target.dataset) target.closest("dialog")?.close();
  if ("reveal" in target.dataset) reveal(target.closest("[data-blurred]"));
  if ("copy" in target.dataset) navigator.clipboard?.writeText(target.parentElement.querySelector("code").textContent);
});

function reveal(box) {
  box.querySelector("[hidden]").hidden = false;
  box.querySelector("p").remove();
}

// Resolves to whether the person said yes to exactly this effect. [data-stays]: it does not leave the house.
function ask(effect, stays) {
  confirmBox.querySelector("[data-leaves]").hidden = stays;
  confirmBox.querySelector("[data-effect]").textContent = effect;
  confirmBox.showModal();
  return new Promise((resolve) => {
    let said = false;
    confirmBox.querySelector("[data-yes]").onclick = () => { said = true; confirmBox.close(); };
    confirmBox.addEventListener("close", () => resolve(said), { once: true });
  });
}

const staysIn = (form, submitter) => "stays" in form.dataset || "stays" in (submitter?.dataset || {});
const effectOf = (form, submitter) => submitter?.dataset.confirm || form.dataset.confirm;

document.addEventListener("submit", (event) => {
  const form = event.target;
  const effect = effectOf(form, event.submitter);
  const byHtmx = form.hasAttribute("hx-post") || event.submitter?.hasAttribute("hx-post");
  if (!effect || byHtmx || form.dataset.confirmed) return;
  event.preventDefault();
  const submitter = event.submitter;
  ask(effect, staysIn(form, submitter)).then((yes) => {
    if (!yes) return;
    form.dataset.confirmed = "1";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
}, true);

document.addEventListener("htmx:confirm", (event) => {
  const { elt, issueRequest, triggeringEvent } = event.detail;
  const effect = effectOf(elt, triggeringEvent?.submitter);
  if (!effect) return;
  event.preventDefault();
  ask(effect, staysIn(elt, triggeringEvent?.submitter)).then((yes) => yes && issueRequest(true));
});

// A dialog that the server brought opens over the page and leaves it again when it is closed.
document.addEventListener("htmx:load", (event) => {
  const found = event.target.matches?.("dialog[data-modal]") ? event.target : event.target.querySelector?.("dialog[data-modal]");
  if (!found || found.dataset.shown) return;
  const opener = document.activeElement;
  found.dataset.shown = "1";
  found.removeAttribute("open");
  found.showModal();
  (found.querySelector("[aria-invalid=true], [autofocus]") || found.querySelector("form :is(input, select, textarea):not([type=hidden])"))?.focus();
  found.addEventListener("close", () => {
    found.remove();
    if (opener?.isConnected) opener.focus();
  }, { once: true });
});

// A form in a dialog that was taken closes its dialog; [data-reset] is emptied, also when it was refused at first and mended there.
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful, requestConfig } = event.detail;
  if (!successful || requestConfig.verb === "get") return;
  const form = elt.closest("form");
  document.querySelectorAll("form[data-reset]").forEach((one) => one.getAttribute("action") === requestConfig.path && one.reset());
  if (form) elt.closest("dialog[open]")?.close();
});

const closeMenus = (event) => document.querySelectorAll("details.account[open]").forEach((menu) => {
  if (event.key === "Escape" || !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus(event));
