// Keys for those who use them; dead while typing, and off altogether with localStorage.keys = "off".

const SECTIONS = { p: "pipeline", c: "candidates", r: "reproduction", s: "suspects", l: "logs", e: "evidence", m: "calls" };

const links = () => [...document.querySelectorAll(".bug-row a")];
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
let leader = "";

function move(step) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  all[Math.min(Math.max(at + step, 0), all.length - 1)]?.focus();
}

function go(id) {
  const place = document.getElementById(id);
  if (!place) return;
  location.hash = id;
  place.querySelector("summary, a, button")?.focus({ preventScroll: true });
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  "/": () => document.getElementById("q")?.focus(),
  c: () => { if (links().length || document.getElementById("rows")) location.href = "/bugs/new/"; },
  u: () => { if (document.getElementById("bug")) location.href = "/bugs/"; },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (localStorage.getItem("keys") === "off") return;
  if (leader === "g" && SECTIONS[event.key]) { go(SECTIONS[event.key]); event.preventDefault(); leader = ""; return; }
  leader = event.key;
  const act = KEYS[event.key];
  if (act) { act(); event.preventDefault(); }
});
