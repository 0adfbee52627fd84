// A page that stays up to date: one socket, what was missed is replayed, and plain HTTP where sockets are blocked.

const STALE_MS = 25_000; // the server ticks every 10 s
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const POLL_MS = 10_000;
const ACK_MS = 250;
const BLOCKED_AFTER = 3;

const REFUSED = {
  4401: "signed out",
  4403: "no longer yours to see",
  4404: "not to be found",
};

export class Live {
  // `address` of the socket, `since()` the query to join with, `take(message)` gets each message in order.
  constructor({ address, since = () => "", take, poll = null }) {
    Object.assign(this, { address, since, take, poll });
    this.chip = document.getElementById("connection");
    this.failures = 0;
    this.received = 0;
    this.acknowledged = 0;
    setInterval(() => this.#acknowledge(), ACK_MS);
    setInterval(() => this.#checkSilence(), 2_000);
    addEventListener("offline", () => this.#drop());
    addEventListener("online", () => this.connect());
    addEventListener("pagehide", () => { this.left = true; });
    addEventListener("pageshow", (event) => { if (event.persisted) { this.left = false; this.connect(); } });
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    if (this.refused || this.left) return;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.close();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.address}${this.since()}`);
    this.socket = socket;
    this.received = this.acknowledged = 0;
    this.heard = Date.now();
    socket.onopen = () => { if (this.socket === socket) { this.opened = true; this.say("catching", "catching up"); this.#settle(); } };
    socket.onmessage = (event) => { if (this.socket === socket) this.#hear(event.data); };
    socket.onclose = (event) => { if (this.socket === socket) this.#closed(event.code); };
  }

  say(state, words, retry = false) {
    if (!this.chip) return;
    this.chip.hidden = false;
    if (this.chip.dataset.state === state && this.chip.dataset.words === words) return;
    Object.assign(this.chip.dataset, { state, words });
    this.chip.textContent = words;
    if (!retry) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "try now";
    button.addEventListener("click", () => this.connect());
    this.chip.append(" ", button);
  }

  #hear(text) {
    this.heard = Date.now();
    this.received += 1;
    this.failures = 0;
    clearInterval(this.polling);
    this.polling = null;
    const message = JSON.parse(text);
    if (message.t !== "tick") this.take(message);
    else if (message.seq) this.take(message);
    this.#settle();
  }

  #settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => { if (this.socket?.readyState === WebSocket.OPEN) this.say("live", "live"); }, 120);
  }

  #closed(code) {
    clearTimeout(this.settling);
    clearInterval(this.counting);
    if (this.left) return;
    if (REFUSED[code]) {
      this.refused = true;
      this.say("out", REFUSED[code]);
      return;
    }
    this.failures += 1;
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1));
    const wait = longest / 2 + Math.random() * (longest / 2);
    this.timer = setTimeout(() => this.connect(), wait);
    if (!navigator.onLine) this.say("offline", "offline", true);
    else if (this.failures >= BLOCKED_AFTER && this.poll) this.#startPolling();
    else this.#countDown(Date.now() + wait);
  }

  #countDown(until) {
    const show = () => {
      if (this.socket?.readyState === WebSocket.OPEN || this.polling) { clearInterval(this.counting); return; }
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      this.say("waiting", left ? `reconnecting in ${left} s` : "reconnecting", true);
      if (!left) clearInterval(this.counting);
    };
    show();
    this.counting = setInterval(show, 500);
  }

  #startPolling() {
    clearInterval(this.counting);
    if (this.polling) return;
    this.polling = setInterval(() => this.#pollOnce(), POLL_MS);
    this.#pollOnce();
  }

  async #pollOnce() {
    try {
      await this.poll();
      if (this.polling) this.say("polling", "refreshing every 10 s", true);
    } catch {
      if (this.polling) this.say("offline", "the server does not answer", true);
    }
  }

  #acknowledge() {
    if (this.received === this.acknowledged || this.socket?.readyState !== WebSocket.OPEN) return;
    this.acknowledged = this.received;
    this.socket.send(JSON.stringify({ ack: this.received }));
  }

  #checkSilence() {
    const open = this.socket?.readyState === WebSocket.OPEN;
    if (open && Date.now() - this.heard > STALE_MS) this.#drop();
  }

  // A half-open connection never closes by itself: let go of it and start anew.
  #drop() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.#closed(0);
  }
}

// --- what every page does -------------------------------------------------------------------------------------------

const pad = (seconds) => {
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
};

// Times that count on: <time data-since="...">.
setInterval(() => {
  for (const time of document.querySelectorAll("time[data-since]")) {
    const seconds = Math.max(0, (Date.now() - Date.parse(time.dataset.since)) / 1000);
    time.textContent = pad(seconds);
  }
}, 1000);

let spoken = 0;
// One polite sentence at a time, at most one in three seconds.
export function announce(words) {
  clearTimeout(spoken);
  spoken = setTimeout(() => {
    const place = document.getElementById("said");
    if (place) place.textContent = words;
  }, 3000);
}
