// The palette: Ctrl K, type in Korean or English, arrows, Enter.
const palette = document.getElementById("palette");
const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";

// "상태" -> "ㅅㅌ": Korean is often searched by first consonants.
export const initials = (text) => text.replace(/[가-힣]/g, (c) => INITIALS[Math.floor((c.charCodeAt(0) - 0xac00) / 588)]);

export const fits = (words, query) =>
  query.toLowerCase().split(/\s+/).every((part) => words.includes(part) || initials(words).includes(part));

if (palette) {
  const input = palette.querySelector("input");
  const list = palette.querySelector("ul");
  const none = palette.querySelector("[data-none]");
  let timer;

  const shown = () => [...list.children].filter((line) => !line.hidden);

  const choose = (line) => {
    list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
    line?.setAttribute("aria-selected", "true");
    line?.scrollIntoView({ block: "nearest" });
    if (line) input.setAttribute("aria-activedescendant", line.id);
    else input.removeAttribute("aria-activedescendant");
  };

  const filter = () => {
    const query = input.value.trim();
    for (const line of list.querySelectorAll("[data-words]")) line.hidden = !!query && !fits(line.dataset.words, query);
    settle();
    clearTimeout(timer);
    timer = setTimeout(() => find(query), 180);
  };

  const settle = () => {
    none.hidden = shown().length > 0;
    if (!shown().includes(list.querySelector("[aria-selected=true]"))) choose(shown()[0]);
  };

  const find = async (query) => {
    const answer = query.length > 1 ? await fetch(`${input.dataset.find}?q=${encodeURIComponent(query)}`).catch(() => null) : null;
    const html = answer?.ok ? await answer.text() : "";
    if (query !== input.value.trim()) return; // typed on meanwhile
    list.querySelectorAll("[data-found]").forEach((line) => line.remove());
    list.insertAdjacentHTML("beforeend", html);
    settle();
  };

  const go = (line) => { if (line) window.location.assign(line.dataset.url); };

  const step = (by) => {
    const lines = shown();
    const at = lines.findIndex((line) => line.getAttribute("aria-selected") === "true");
    choose(lines[(at + by + lines.length) % lines.length]);
  };

  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // a Hangul syllable is being finished
    const act = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: () => go(list.querySelector("[aria-selected=true]")) }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  list.addEventListener("click", (event) => go(event.target.closest("[data-url]")));
  palette.addEventListener("close", () => { input.value = ""; filter(); });
  palette.addEventListener("click", (event) => event.target === palette && palette.close());

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    if (palette.open) palette.close();
    else { palette.showModal(); input.focus(); }
  });
  settle();
}
