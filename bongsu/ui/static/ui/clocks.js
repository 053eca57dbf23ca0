// Ticking: [data-due] counts down, [data-since] counts up. The server's time rules, not this machine's.
const body = document.body;
const ahead = body.dataset.now ? Date.parse(body.dataset.now) - Date.now() : 0;
const units = (body.dataset.units || "").split("|"); // "{n} d|{n} h|{n} min|{n} s"
const SIZES = [86400, 3600, 60, 1];
const STAGES = ["calm", "amber", "red", "late"];

const now = () => Date.now() + ahead;
const two = (n) => String(n).padStart(2, "0");
const word = (template, n) => template.replace("{n}", n);

export function countdown(seconds, dayWord) {
  const sign = seconds < 0 ? "+" : "";
  const left = Math.abs(seconds);
  const days = left >= 4 * 86400 ? Math.floor(left / 86400) : 0;
  const hours = Math.floor((left - days * 86400) / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  const clock = hours || days ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
  return sign + (days ? `${word(dayWord, days)} ${clock}` : clock);
}

// As moments.elapsed: one unit under an hour, two from then on.
export function elapsed(seconds) {
  let left = Math.abs(Math.floor(seconds));
  const first = Math.max(0, left ? SIZES.findIndex((size) => left >= size) : 3);
  const last = first + (left >= 3600 ? 2 : 1);
  const words = [];
  for (let i = first; i < last; i += 1) {
    const n = Math.floor(left / SIZES[i]);
    left %= SIZES[i];
    if (n || !words.length) words.push(word(units[i], n));
  }
  return words.join(" ");
}

function tickDue(element, at) {
  const due = Date.parse(element.dataset.due);
  const start = element.dataset.start ? Date.parse(element.dataset.start) : null;
  element.querySelector("[data-left]").textContent = countdown(Math.trunc((due - at) / 1000), element.dataset.days);
  const spent = start === null || due <= start ? Number(at >= due) : Math.min(1, Math.max(0, (at - start) / (due - start)));
  const stage = at >= due ? "late" : spent >= 0.9 ? "red" : spent >= 0.5 ? "amber" : "calm";
  element.classList.remove(...STAGES);
  element.classList.add(stage);
  const bar = element.querySelector("[data-spent]");
  if (bar) bar.value = Math.round(spent * 1000);
}

function tick() {
  if (document.hidden) return;
  const at = now();
  document.querySelectorAll("[data-due]").forEach((element) => tickDue(element, at));
  document.querySelectorAll("[data-since]").forEach((element) => {
    element.textContent = elapsed((at - Date.parse(element.dataset.since)) / 1000);
  });
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
