// The open list: rows that are shown change as they are told, new bugs wait behind a line.
import { Live } from "./live.js";
import "./keys.js";

const rows = document.getElementById("rows");
const due = new Set();
let timer = 0;

async function refresh() {
  timer = 0;
  const ids = [...due];
  due.clear();
  await Promise.all([...ids.map(refreshRow), refreshTabs()]).catch(() => {});
}

async function refreshRow(id) {
  const row = document.getElementById(`bug-${id}`);
  if (!row) {
    document.getElementById("news").hidden = false;
    return;
  }
  const answer = await fetch(`/bugs/${id}/row/`);
  if (!answer.ok || answer.redirected) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = (await answer.text()).trim();
  const focused = row.contains(document.activeElement);
  const changed = row.querySelector(".cell-state").textContent !== fresh.content.querySelector(".cell-state").textContent;
  const next = fresh.content.firstElementChild;
  row.replaceWith(next);
  if (changed) next.classList.add("fresh");
  if (focused) next.querySelector("a").focus({ preventScroll: true });
}

async function refreshTabs() {
  const tabs = document.getElementById("tabs");
  const answer = await fetch(`${tabs.dataset.url}${location.search}`);
  if (!answer.ok || answer.redirected) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  const counts = fresh.content.querySelectorAll(".count");
  tabs.querySelectorAll(".count").forEach((count, index) => { count.textContent = counts[index]?.textContent ?? ""; });
}

if (rows) {
  new Live({
    address: rows.dataset.socket,
    take(message) {
      if (message.t !== "bugs") return;
      message.ids.forEach((id) => due.add(id));
      timer ||= setTimeout(refresh, 300);
    },
  });
}
