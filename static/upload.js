// Files of any size, in raw parts with a checksum each: with progress, and going on where a break left off.

const form = document.getElementById("report-form");
const list = document.getElementById("uploads");
const drop = document.getElementById("drop");
const chooser = document.getElementById("id_attachments");
const submit = document.getElementById("submit");
const words = document.getElementById("submit-note");
const PART = Number(form.dataset.part);
const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
const WAITS_MS = [500, 1000, 2000, 4000, 8000, 15000];
let atWork = 0;

const size = (bytes) => {
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (bytes < 1024 || unit === "GiB") return `${bytes < 10 && unit !== "B" ? bytes.toFixed(1) : Math.round(bytes)} ${unit}`;
    bytes /= 1024;
  }
  return "";
};
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class Refused extends Error {}

async function ask(address, options) {
  const headers = { "X-CSRFToken": token, ...options.headers };
  const answer = await fetch(address, { ...options, headers });
  const said = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (answer.ok || answer.status === 409) return said;
  const sentence = said.error ? `${said.error.message} ${said.error.hint}`.trim() : `The server answered ${answer.status}.`;
  throw answer.status >= 500 ? new Error(sentence) : new Refused(sentence);
}

class Upload {
  constructor(file, name) {
    Object.assign(this, { file, name, sent: 0, began: performance.now(), stop: new AbortController() });
    this.row = document.createElement("li");
    this.row.className = "upload";
    const title = document.createElement("span");
    title.className = "upload-name";
    title.textContent = name;
    this.state = document.createElement("span");
    this.state.className = "upload-state";
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.textContent = "Remove";
    this.button.setAttribute("aria-label", `Remove ${name}`);
    this.button.addEventListener("click", () => this.remove());
    this.bar = document.createElement("progress");
    this.bar.max = Math.max(file.size, 1);
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", `Upload of ${name}`);
    this.row.append(title, this.state, this.button, this.bar);
    list.append(this.row);
  }

  async run() {
    count(1);
    try {
      const begun = await ask(form.dataset.uploads, { method: "POST", body: JSON.stringify({ name: this.name, size: this.file.size }) });
      this.address = `${form.dataset.uploads}${begun.token}/`;
      this.token = begun.token;
      await this.parts(begun.received);
      this.done();
    } catch (error) {
      if (!this.stop.signal.aborted) this.fail(error);
    } finally {
      count(-1);
    }
  }

  async parts(offset) {
    let tries = 0;
    while (offset < this.file.size) {
      try {
        offset = await this.part(offset);
        tries = 0;
      } catch (error) {
        if (this.stop.signal.aborted || error instanceof Refused || tries >= 40) throw error;
        const wait = WAITS_MS[Math.min(tries, WAITS_MS.length - 1)];
        tries += 1;
        this.state.textContent = `interrupted; going on in ${Math.ceil(wait / 1000)} s`;
        await pause(wait);
        const known = await ask(this.address, { method: "GET", signal: this.stop.signal }).catch(() => null);
        if (known) offset = known.received;
      }
      this.show(offset);
    }
  }

  async part(offset) {
    const body = await this.file.slice(offset, offset + PART).arrayBuffer();
    const headers = { "Content-Type": "application/octet-stream" };
    // Browsers compute checksums only for pages from this machine or over HTTPS.
    if (crypto.subtle) headers["X-Part-Sha256"] = hex(await crypto.subtle.digest("SHA-256", body));
    const said = await ask(`${this.address}?offset=${offset}`, { method: "PUT", body, headers, signal: this.stop.signal });
    this.sent += body.byteLength;
    return said.received;
  }

  show(offset) {
    const seconds = (performance.now() - this.began) / 1000;
    const speed = this.sent / Math.max(seconds, 0.001);
    const left = (this.file.size - offset) / Math.max(speed, 1);
    this.bar.value = offset;
    this.state.textContent = `${size(offset)} of ${size(this.file.size)}, ${size(speed)}/s, ${Math.ceil(left)} s left`;
  }

  done() {
    this.bar.remove();
    this.state.textContent = `${size(this.file.size)}, arrived`;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "upload", value: this.token });
    this.row.append(field);
    this.row.dataset.whole = "";
  }

  fail(error) {
    this.state.textContent = error.message;
    this.row.classList.add("tone-failed");
    this.button.textContent = "Dismiss";
  }

  remove() {
    this.stop.abort();
    if (this.address) ask(this.address, { method: "DELETE" }).catch(() => {});
    this.row.remove();
  }
}

function count(step) {
  atWork += step;
  submit.disabled = atWork > 0;
  words.textContent = atWork > 0 ? `${atWork} file${atWork > 1 ? "s are" : " is"} on the way` : "";
}

let queue = Promise.resolve();
function add(file, name = file.name) {
  const upload = new Upload(file, name);
  queue = queue.then(() => (upload.stop.signal.aborted ? undefined : upload.run()));
}

async function addEntry(entry) {
  if (entry.isFile) return add(await new Promise((done, failed) => entry.file(done, failed)));
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return undefined;
    for (const each of some) await addEntry(each);
  }
}

chooser.addEventListener("change", () => {
  for (const file of chooser.files) add(file);
  chooser.value = ""; // their parts carry them; the form must not send them again
});
for (const kind of ["dragover", "dragenter"]) {
  drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  for (const item of event.dataTransfer.items) {
    const entry = item.webkitGetAsEntry?.();
    if (entry) addEntry(entry);
  }
});
// A page that comes back after a reload keeps the files that have arrived.
list.addEventListener("click", (event) => {
  const row = event.target.closest("li[data-whole]");
  if (row && event.target.matches("button")) row.remove();
});
