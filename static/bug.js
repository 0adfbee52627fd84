// An open bug: kept events refresh the sections they concern, streams are drawn where they belong.
import { Live, announce } from "./live.js";
import "./keys.js";

const page = document.getElementById("bug");
const bug = page.dataset.bug;
const latest = page.dataset.latest === "1";
let run = Number(page.dataset.run);
let seq = Number(page.dataset.seq);
let frame = "";

// --- sections ---------------------------------------------------------------------------------------------------

const sections = [...document.querySelectorAll("[data-section]")];
const byKind = new Map();
for (const section of sections) {
  for (const kind of (section.dataset.kinds || "").split(" ").filter(Boolean)) {
    byKind.set(kind, [...(byKind.get(kind) || []), section]);
  }
}
const due = new Map(); // section -> timer
const fetching = new Map(); // section -> true while a fetch is under way, "again" when news came meanwhile

function refreshSoon(section, wait = 250) {
  if (!latest || due.has(section)) return;
  due.set(section, setTimeout(() => { due.delete(section); refresh(section); }, wait));
}

async function refresh(section) {
  if (fetching.has(section)) { fetching.set(section, "again"); return; }
  fetching.set(section, true);
  try {
    const answer = await fetch(`/bugs/${bug}/section/${section.dataset.section}/${location.search}`);
    if (answer.ok && !answer.redirected) swap(section, await answer.text());
  } catch {
    // The connection chip says that the server is away; the next event or reconnect asks again.
  } finally {
    const again = fetching.get(section) === "again";
    fetching.delete(section);
    if (again) refreshSoon(section);
  }
}

// Put new content in place without losing what the reader opened, focused, typed, or scrolled to.
function swap(section, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html; // from our own server, which escapes; scripts in it would not run
  const focus = section.contains(document.activeElement) ? pathOf(document.activeElement, section) : null;
  const opened = new Map([...section.querySelectorAll("details")].map((details) => [nameOf(details, section), details]));
  const scrolled = new Map([...section.querySelectorAll("pre, .diff, .activity-frame")].map((e) => [pathOf(e, section), [e.scrollTop, e.scrollLeft]]));
  const anchor = anchored(section);
  const inputs = new Map([...section.querySelectorAll("select, textarea, input:not([type=hidden])")].map((e) => [pathOf(e, section), e.value]));
  section.replaceChildren(fresh.content);
  for (const details of section.querySelectorAll("details")) {
    const before = opened.get(nameOf(details, section));
    if (!before) continue;
    details.open = before.open;
    const loaded = before.querySelector(":scope > [data-loaded]");
    const empty = details.querySelector(":scope > [data-load]");
    if (loaded && empty && loaded.dataset.loaded === empty.dataset.load) empty.replaceWith(loaded);
  }
  for (const [path, [top, left]] of scrolled) {
    const element = section.querySelector(path);
    if (element) Object.assign(element, { scrollTop: top, scrollLeft: left });
  }
  for (const [path, value] of inputs) {
    const element = section.querySelector(path);
    if (element && element.matches("textarea, input")) element.value = value;
  }
  if (focus) section.querySelector(focus)?.focus({ preventScroll: true });
  if (anchor) scrollBy(0, section.getBoundingClientRect().bottom - anchor);
  prepare(section);
  redraw();
}

// What lies above the window must not push what the reader looks at.
const anchored = (section) => {
  const box = section.getBoundingClientRect();
  return box.bottom < 0 ? box.bottom : 0;
};

const nameOf = (details, root) => details.id || `${pathOf(details.parentElement, root)}|${details.querySelector("summary")?.textContent.trim().slice(0, 60)}`;

function pathOf(element, root) {
  const steps = [];
  for (let at = element; at && at !== root; at = at.parentElement) {
    if (at.id) { steps.unshift(`#${CSS.escape(at.id)}`); break; }
    steps.unshift(`${at.localName}:nth-child(${[...at.parentElement.children].indexOf(at) + 1})`);
  }
  return steps.join(" > ") || ":scope";
}

// Heavy contents are fetched when they are opened.
function prepare(root) {
  for (const details of root.querySelectorAll("details:has(> [data-load])")) {
    if (details.open) load(details);
    details.addEventListener("toggle", () => { if (details.open) load(details); });
  }
}

async function load(details) {
  const place = details.querySelector(":scope > [data-load]");
  if (!place) return;
  const address = place.dataset.load;
  place.removeAttribute("data-load");
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) { place.dataset.load = address; return; }
  place.innerHTML = await answer.text();
  place.className = "";
  place.dataset.loaded = address;
}

// Filters change the address, which holds the page's whole state, and refresh one section.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-refresh]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const section = sections.find((each) => each.dataset.section === link.dataset.refresh);
  const asked = new URL(link.href);
  if (run && new URL(location.href).searchParams.has("run")) asked.searchParams.set("run", run);
  event.preventDefault();
  history.replaceState(null, "", asked.pathname + asked.search);
  refresh(section);
});

// --- kept events ------------------------------------------------------------------------------------------------

const list = () => document.getElementById("events");

function take(message) {
  if (message.t === "batch") return takeFrame(message);
  if (message.t === "tick") return message.seq > seq ? fill() : undefined;
  if (message.seq <= seq) return undefined;
  if (message.seq > seq + 1) return fill();
  seq = message.seq;
  page.dataset.seq = seq;
  addRow(message);
  note(message);
  for (const section of byKind.get(message.t) || []) refreshSoon(section);
  return undefined;
}

let filling = null;
// Something is missing: read it over HTTP, in order.
function fill() {
  filling ??= (async () => {
    try {
      for (;;) {
        const answer = await fetch(`/bugs/${bug}/events?since=${seq}`);
        if (answer.status === 401) location.reload();
        if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
        const { events } = await answer.json();
        for (const event of events) if (event.seq === seq + 1) take(event);
        if (events.length < 500) return;
      }
    } finally {
      filling = null;
    }
  })();
  return filling;
}

function addRow(event) {
  const rows = list();
  if (!rows || rows.querySelector(`:scope > [data-seq="${event.seq}"]`)) return;
  const frameOf = rows.parentElement;
  const atEnd = frameOf.scrollHeight - frameOf.scrollTop - frameOf.clientHeight < 40;
  const row = document.createElement("li");
  row.dataset.seq = event.seq;
  row.className = `kind-${event.t}`;
  const time = document.createElement("time");
  time.dateTime = event.ts;
  time.textContent = event.ts.slice(11, 19);
  time.title = event.ts.slice(0, 19).replace("T", " ");
  const words = document.createElement("span");
  words.textContent = event.says;
  row.append(time, " ", words);
  rows.append(row);
  if (atEnd) frameOf.scrollTop = frameOf.scrollHeight;
}

function note(event) {
  if (event.t === "run_started" && latest) { run = event.run; said.clear(); page.dataset.run = run; }
  if (event.t === "chunk_scored" && !event.cut) scored(event.p);
  if (event.t === "model_called") finished(event.p.key);
  if (/^run_|^stage_(finished|failed)/.test(event.t)) announce(event.says);
  if (/^(run|stage)_/.test(event.t)) document.getElementById("progress")?.setAttribute("hidden", "");
}

function scored({ index, score }) {
  const cell = document.querySelector(`#grid > [data-index="${index}"]`);
  if (!cell) return;
  said.delete(score.key);
  cell.className = `cell tone-${score.error ? "failed" : "ok"}`;
  cell.querySelector(".cell-text").textContent = score.error || score.reason;
  cell.querySelector(".cell-score").textContent = score.error ? "failed" : score.score.toFixed(2);
  cell.querySelector(".meter rect:last-child").setAttribute("width", Math.round(score.score * 1000));
  const done = document.getElementById("chunks-done");
  if (done) done.textContent = document.querySelectorAll("#grid > .tone-ok, #grid > .tone-failed").length;
}

// --- live frames ------------------------------------------------------------------------------------------------

const said = new Map(); // cell -> { text, dirty, place }
const TAIL = 2_000; // characters of a stream that are drawn; the whole text is shown with the call once it has ended

function takeFrame({ id, ev }) {
  frame = id || frame; // a frame that goes on in the next message has none yet
  for (const event of ev) {
    if (event.run && event.run !== run) continue;
    if (event.t === "token_delta") hear(event);
    if (event.t === "progress") progress(event);
  }
  redraw();
}

// `o` is where the text belongs: at the end it is appended, before it cuts, beyond it something is missing.
function hear({ c, o, x }) {
  const cell = said.get(c) || { text: "" };
  said.set(c, cell);
  if (o > cell.text.length) { startOver(); return; }
  cell.text = cell.text.slice(0, o) + x;
  cell.dirty = true;
}

let startingOver = 0;
// A part of a stream is missing: join anew without a place in it, which brings each text whole.
function startOver() {
  if (Date.now() - startingOver < 2_000) return;
  startingOver = Date.now();
  frame = "";
  setTimeout(() => live.connect());
}

function progress({ what, done, total, unit }) {
  const line = document.getElementById("progress");
  if (!line) return;
  line.hidden = false;
  line.textContent = `${what} ${done}${total ? ` of ${total}` : ""} ${unit || ""}`.trim();
}

let drawing = 0;
const redraw = () => { drawing ||= requestAnimationFrame(draw); };

function draw() {
  drawing = 0;
  for (const [key, cell] of said) {
    if (!cell.dirty && cell.place?.isConnected) continue;
    cell.dirty = false;
    cell.place = placeOf(key);
    if (cell.place) show(cell.place, cell.text);
  }
}

function show(place, text) {
  place.textContent = text.slice(place.classList.contains("cell-text") ? -220 : -TAIL);
}

// The cell of the grid, or a box of its own above the calls.
function placeOf(key) {
  const cell = document.querySelector(`#grid > [data-cell="${CSS.escape(key)}"]`);
  if (cell) {
    if (cell.matches(".tone-ok, .tone-failed")) return null;
    cell.className = "cell tone-running";
    cell.querySelector(".cell-score").textContent = "speaking";
    return cell.querySelector(".cell-text");
  }
  const speaking = document.getElementById("speaking");
  if (!speaking) return null;
  speaking.hidden = false;
  let box = speaking.querySelector(`:scope > [data-speech="${CSS.escape(key)}"]`);
  if (!box) {
    box = document.createElement("div");
    box.className = "speech";
    box.dataset.speech = key;
    const head = document.createElement("p");
    head.className = "speech-head";
    head.textContent = `${key} is being written`;
    const frame = document.createElement("div"); // its end stays in view by CSS alone
    frame.className = "speech-frame";
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", `What the model writes for ${key}`);
    const text = document.createElement("div");
    text.className = "speech-text";
    frame.append(text);
    box.append(head, frame);
    speaking.append(box);
  }
  return box.querySelector(".speech-text");
}

// A call has ended: its text is stored, and shown with the call.
function finished(key) {
  said.delete(key);
  const speaking = document.getElementById("speaking");
  speaking?.querySelector(`:scope > [data-speech="${CSS.escape(key || "")}"]`)?.remove();
  if (speaking && !speaking.children.length) speaking.hidden = true;
}

// --- start ------------------------------------------------------------------------------------------------------

prepare(page);
const frameOfEvents = list()?.parentElement;
if (frameOfEvents) frameOfEvents.scrollTop = frameOfEvents.scrollHeight;

const live = new Live({
  address: `/ws/bugs/${bug}/`,
  since: () => `?since=${seq}${frame ? `&frame=${frame}` : ""}`,
  take,
  poll: fill,
});
// For tests and for the curious: what has been heard.
window.modulo = { heard: () => ({ seq, frame, said: Object.fromEntries([...said].map(([k, v]) => [k, v.text])) }) };
