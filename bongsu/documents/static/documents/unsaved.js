// What is typed and not saved is not lost without a word: the forms that end the writing wait, and leaving the page asks.
// Without this script every form works as it does with it, but nobody is reminded.
const writing = () => [...document.querySelectorAll("form[data-writes]")];
const isTyped = (field) => field.value !== field.defaultValue.replace(/\r\n?/g, "\n");
const isUnsaved = (form) => form.hasAttribute("data-unsaved") || [...form.querySelectorAll("textarea")].some(isTyped);
let leaving = null; // the form that takes its own words along

function look() {
  const unsaved = writing().filter(isUnsaved);
  for (const form of document.querySelectorAll("form[data-needs-saved]")) {
    const words = form.querySelector("[data-unsaved-words]");
    words.querySelector("b").textContent = unsaved.map((one) => one.dataset.writes).join(", ");
    words.hidden = !unsaved.length;
    for (const button of form.querySelectorAll("button")) button.disabled = unsaved.length > 0;
  }
  for (const form of unsaved) form.querySelector("[data-saved]")?.remove();
}

document.addEventListener("input", look);
document.addEventListener("htmx:afterSettle", look);
window.addEventListener("pageshow", look);

document.addEventListener("submit", (event) => {
  if (!event.target.hasAttribute("hx-post")) leaving = event.target;
});
document.addEventListener("click", (event) => {
  const discarded = event.target.closest("[data-discards]");
  if (discarded) leaving = discarded.closest("form");
});
window.addEventListener("beforeunload", (event) => {
  const lost = writing().filter((form) => form !== leaving && isUnsaved(form));
  leaving = null;
  if (lost.length) event.preventDefault();
});
look();
