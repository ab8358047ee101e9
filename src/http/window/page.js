// What the listener tells is put on the page as text and never as markup: names are whatever callers chose.
"use strict";

const INTERVAL_MS = 3000;

const GROUPS = [
  { id: "operator", what: "need a person", tone: "bad", has: (s) => s.state === "NEEDS_OPERATOR" },
  { id: "unknown", what: "outcome unknown", tone: "care", has: (s) => s.state === "OUTCOME_UNKNOWN" },
  { id: "funds", what: "await funds", tone: "care", has: (s) => s.state === "AWAITING_FUNDS" },
  { id: "refused", what: "not accepted", tone: "care", has: (s) => s.state === "NOT_ACCEPTED" || s.state === "REJECTED" },
  { id: "moving", what: "under way", tone: "busy", has: (s) => ["RECEIVED", "PREPARED", "SIGNED", "SUBMITTING"].includes(s.state) },
  { id: "pending", what: "pending", tone: "busy", has: (s) => s.state === "PENDING" },
  { id: "completed", what: "completed of late", tone: "good", has: (s) => s.state === "COMPLETED" },
];

let sight = null;
let chosen = null;
let opened = null;
let timeline = null;
let drawn = "";

const at = (id) => document.getElementById(id);

function make(tag, classes, ...children) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const toneOf = (settlement) => (GROUPS.find((group) => group.has(settlement)) || { tone: "" }).tone;
const words = (name) => name.toLowerCase().replaceAll("_", " ");
const badge = (name, tone) => make("span", `badge ${tone}`, words(name));
const key = (settlement) => JSON.stringify([settlement.enterprise, settlement.external_id]);

function when(text) {
  if (!text) return make("span", "quiet", "never");
  const element = make("time", "time", text.slice(0, 10) + " " + text.slice(11, 19));
  element.dateTime = text;
  element.title = text;
  return element;
}

function rows(id, entries, columns, row, nothing) {
  const body = at(id);
  if (entries.length > 0) return body.replaceChildren(...entries.flatMap(row));
  const cell = make("td", "empty", nothing);
  cell.colSpan = columns;
  body.replaceChildren(make("tr", "", cell));
}

function tile(group) {
  const count = sight.settlements.filter(group.has).length;
  const button = make("button", `tile ${count ? group.tone : "none"}`, make("span", "count", String(count)), make("span", "what", group.what));
  button.type = "button";
  button.dataset.focus = `tile ${group.id}`;
  button.setAttribute("aria-pressed", String(chosen === group.id));
  button.addEventListener("click", () => { chosen = chosen === group.id ? null : group.id; draw(); });
  return make("li", "", button);
}

function wanted(settlement) {
  const group = GROUPS.find((one) => one.id === chosen);
  if (group && !group.has(settlement)) return false;
  const find = at("find").value.trim().toLowerCase();
  const texts = [settlement.external_id, settlement.enterprise, settlement.settlement_id, settlement.reason, settlement.state];
  return !find || texts.some((text) => text && text.toLowerCase().includes(find));
}

function settlementRow(settlement) {
  const open = make("button", "open", settlement.external_id);
  const isOpen = opened !== null && key(opened) === key(settlement);
  open.type = "button";
  open.dir = "auto";
  open.dataset.focus = `open ${key(settlement)}`;
  open.setAttribute("aria-expanded", String(isOpen));
  open.addEventListener("click", () => toggle(settlement));
  const reason = settlement.reason ? make("span", "reason", words(settlement.reason)) : null;
  const line = make("tr", "",
    make("td", "name", open, reason),
    make("td", "name", settlement.enterprise),
    make("td", "", badge(settlement.state, toneOf(settlement))),
    make("td", "", words(settlement.outcome)),
    make("td", "", words(settlement.next_action)),
    make("td", "number", `${settlement.attempts}×`),
    make("td", "", when(settlement.updated_at)));
  return isOpen ? [line, timelineRow()] : [line];
}

function timelineRow() {
  const cell = make("td", "");
  cell.colSpan = 7;
  if (timeline === null) {
    cell.append(make("p", "quiet", "looking…"));
  } else if (timeline.entries.length === 0) {
    cell.append(make("p", "quiet", "its changes have left for the archive"));
  } else {
    cell.append(make("ol", "steps", ...timeline.entries.map(step)));
  }
  return make("tr", "timeline", cell);
}

function step(entry) {
  const reason = entry.reason ? `: ${words(entry.reason)}` : "";
  const detail = entry.detail ? make("span", "reason", entry.detail) : null;
  const sent = entry.attempts > 0 ? ` (sent ${entry.attempts}×)` : "";
  const change = entry.change === entry.state ? words(entry.state) : `${words(entry.change)} → ${words(entry.state)}`;
  return make("li", toneOf(entry), when(entry.at), `${change}${reason}${sent}`, detail);
}

function venueRow(venue) {
  const isSilent = venue.missed_at && (!venue.answered_at || venue.missed_at > venue.answered_at);
  const health = venue.is_held_back ? ["left alone", "bad"] : isSilent ? ["silent", "care"] : venue.answered_at ? ["answers", "good"] : ["not asked yet", ""];
  const skew = venue.skew_seconds === null ? "" : venue.skew_seconds === 0 ? "agrees" : `${venue.skew_seconds > 0 ? "+" : ""}${venue.skew_seconds} s`;
  return make("tr", "",
    make("td", "name", venue.name),
    make("td", "", badge(...health)),
    make("td", "", when(venue.answered_at)),
    make("td", "number", venue.budget_left === null ? "" : String(venue.budget_left)),
    make("td", "number", skew));
}

function keyRow(entry) {
  const disabled = entry.is_enabled ? null : badge("disabled", "care");
  return make("tr", "",
    make("td", "name", entry.id, make("span", "reason", entry.source)),
    make("td", "code", entry.public_key),
    make("td", "", entry.purposes.join(", "), disabled));
}

function refusalRow(refusal) {
  return make("tr", "",
    make("td", "", when(refusal.at)),
    make("td", "name", refusal.caller || ""),
    make("td", "name", refusal.rpc || ""),
    make("td", "name", refusal.reason || ""),
    make("td", "name", refusal.name || ""));
}

function draw() {
  if (sight === null) return;
  const focused = document.activeElement && document.activeElement.dataset.focus;
  at("version").textContent = `version ${sight.version}`;
  at("alarm").hidden = sight.adrift === null;
  at("alarm").textContent = sight.adrift === null ? "" : `Nothing is signed or sent: the journal does not agree with its anchor. ${sight.adrift}`;
  at("tiles").replaceChildren(...GROUPS.map(tile));
  const found = sight.settlements.filter(wanted);
  const cut = sight.is_cut ? "; more are open than are shown here" : "";
  at("shown").textContent = `${found.length} of ${sight.settlements.length}: what is open, and the newest${cut}`;
  rows("settlements", found, 7, settlementRow, "no settlements");
  rows("venues", sight.venues, 5, (venue) => [venueRow(venue)], "no venues");
  rows("keys", sight.keys, 3, (entry) => [keyRow(entry)], "no keys");
  rows("refusals", sight.refusals, 5, (refusal) => [refusalRow(refusal)], "nothing was refused of late");
  if (focused) {
    const again = [...document.querySelectorAll("[data-focus]")].find((element) => element.dataset.focus === focused);
    if (again) again.focus();
  }
}

async function asked(path) {
  const answer = await fetch(path, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(`${answer.status} ${(await answer.text()).trim()}`);
  return answer.json();
}

async function lookAtTimeline() {
  if (opened === null) return;
  const settlement = opened;
  const query = new URLSearchParams({ enterprise: settlement.enterprise, external_id: settlement.external_id });
  const found = await asked(`/window/timeline?${query}`);
  if (opened === settlement) timeline = found;
}

// A settlement can be linked to: /window#enterprise=ID&external_id=ID.
function linked() {
  const place = new URLSearchParams(location.hash.slice(1));
  const [enterprise, externalId] = [place.get("enterprise"), place.get("external_id")];
  const found = sight.settlements.find((one) => one.enterprise === enterprise && one.external_id === externalId);
  if (found) opened = found;
}

function link() {
  const place = opened && new URLSearchParams({ enterprise: opened.enterprise, external_id: opened.external_id });
  history.replaceState(null, "", place ? `#${place}` : location.pathname);
}

async function toggle(settlement) {
  const isOpen = opened !== null && key(opened) === key(settlement);
  opened = isOpen ? null : settlement;
  timeline = null;
  link();
  draw();
  await lookAtTimeline().catch(() => {});
  draw();
}

function tell(isGood, text) {
  at("live").className = `live ${isGood ? "good" : "bad"}`;
  at("live-text").textContent = text;
}

async function look() {
  try {
    const seen = await asked("/window/sight");
    const isFirst = sight === null;
    sight = seen;
    if (isFirst) linked();
    // What is opened may not be there any more; the rest is shown all the same.
    await lookAtTimeline().catch(() => {});
    const { at: _, ...rest } = seen;
    const now = JSON.stringify([rest, timeline]);
    if (now !== drawn) draw();
    drawn = now;
    tell(true, `live, ${seen.at.slice(11, 19)} UTC`);
  } catch (error) {
    tell(false, `no answer: ${error.message}`);
  }
}

async function go() {
  if (!document.hidden) await look();
  setTimeout(go, INTERVAL_MS);
}

at("find").addEventListener("input", draw);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
go();
