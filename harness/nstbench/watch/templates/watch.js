"use strict";
// Asks how far the sweeps are, and exchanges the report when there are newer results.

const ASK_MS = 1500;
const HIDDEN_MS = 15000;
const SETTLE_MS = 400; // in which a report draws what is in sight, before it is shown
const STILL_MS = 1500;
const CHOOSE_MS = 8000; // a list that is open tells nobody

const byId = (id) => document.getElementById(id);
let shown = null; // the frame with the report, its version, and how its controls stood at first
let coming = null;
let [refused, trouble] = ["", ""]; // a version of which there was no report, and why
let touched = -CHOOSE_MS; // when the reader last did something

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

async function ask() {
  const state = await fetch("state", { cache: "no-store" }).then((answer) => answer.json()).catch(() => null);
  if (state) tell(state);
  else tellNobody();
  clearTimeout(ask.timer);
  ask.timer = setTimeout(ask, document.hidden ? HIDDEN_MS : ASK_MS);
}

function tellNobody() {
  say("Nobody answers: this page is no longer served. nstbench watch serves the folder again.");
  byId("overall").hidden = true;
  byId("live").classList.remove("busy");
  byId("jobs").replaceChildren();
}

function tell(state) {
  const sweeps = state.sweeps;
  byId("says").ariaLive = state.says ? "polite" : "off"; // else each of many trials would be announced
  say(trouble || state.says || howFar(state));
  byId("overall").hidden = !sweeps.length || !state.planned;
  byId("overall").value = state.planned ? state.done / state.planned : 0;
  byId("live").classList.toggle("busy", sweeps.length > 0);
  showJobs(sweeps.flatMap((sweep) => sweep.jobs));
  const name = shown?.frame.contentDocument?.querySelector("h1")?.textContent;
  const count = sweeps.length ? `${state.done}/${state.planned} ` : "";
  document.title = `${count}${name ? `${name} · ` : ""}nstbench`;
  if (state.version && state.version !== shown?.version && state.version !== refused) renew(state.version);
  tellLosses(sweeps);
}

function say(text) {
  if (byId("says").textContent !== text) byId("says").textContent = text;
}

function howFar({ done, planned, sweeps }) {
  const failed = sweeps.reduce((sum, sweep) => sum + sweep.failed, 0);
  const said = [`${done} of ${planned} trials done`];
  if (failed) said.push(`${failed} failed`);
  if (sweeps.length > 1) said.push(`${sweeps.length} sweeps at work`);
  else if (sweeps[0].left_s !== null && done < planned) said.push(`about ${duration(sweeps[0].left_s)} left`);
  if (!sweeps.some((sweep) => sweep.jobs.length)) said.push("pictures are judged, or the next trial begins");
  return said.join(" · ");
}

function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds / 5) * 5} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function showJobs(jobs) {
  const list = byId("jobs");
  const old = new Map([...list.children].map((item) => [item.dataset.trial, item]));
  const items = jobs.map((job) => old.get(job.trial_id) ?? jobItem(job));
  if (items.length !== list.children.length || items.some((item, at) => item !== list.children[at])) {
    list.replaceChildren(...items);
  }
  jobs.forEach((job, at) => fillJob(items[at], job));
}

function jobItem(job) {
  const image = make("img", { alt: "" });
  image.onerror = () => image.removeAttribute("src"); // it is not written yet: the next answer tries again
  const item = make(
    "li", {}, image,
    make(
      "div", {}, make("p", {}, make("strong", { textContent: job.name })), make("p", { className: "small" }),
      make("progress", { max: 1 })
    )
  );
  item.dataset.trial = job.trial_id;
  return item;
}

function fillJob(item, job) {
  const [image, text, bar] = ["img", ".small", "progress"].map((each) => item.querySelector(each));
  if (job.picture && image.getAttribute("src") !== job.picture) {
    image.src = job.picture;
    image.alt = `${job.name} so far`;
  }
  const unit = job.curve.iteration.length && job.loss === null ? "pass" : "iteration";
  const said = job.of === null
    ? [job.place, job.phase || "begins"]
    : [
      job.place, `${job.iterations} of ${job.of}`, `${pace(job.seconds_per_iteration)} per ${unit}`,
      job.loss === null ? "" : `loss ${number(job.loss)}`,
    ];
  text.textContent = said.filter(Boolean).join(" · ");
  bar.setAttribute("aria-label", `${job.name}: ${job.of === null ? job.phase : "iterations"}`);
  if (job.of === null) bar.removeAttribute("value");
  else bar.value = job.iterations / job.of;
}

const number = (value) => (
  value < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(3)
);

const pace = (seconds) => (
  seconds < 1 ? `${Number((seconds * 1000).toPrecision(3))} ms` : `${Number(seconds.toPrecision(3))} s`
);

/** The report draws the losses of what runs beside those of what is done. */
function tellLosses(sweeps) {
  const curves = {};
  for (const { trial_id, curve } of sweeps.flatMap((sweep) => sweep.jobs)) {
    const none = curve.iteration.map(() => null);
    if (curve.total.some((loss) => loss !== null)) {
      curves[trial_id] = { ...curve, content: none, style: none, tv: none, layers: {} };
    }
  }
  if (shown && Object.keys(curves).length) {
    shown.frame.contentDocument?.dispatchEvent(new CustomEvent("losses", { detail: curves }));
  }
}

/** Load the newer report out of sight; it is shown once it stands as the old one does. */
function renew(version) {
  if (coming || document.hidden || isBusy()) return;
  const src = `report?${version}${location.hash}`;
  const frame = make("iframe", { className: "coming", title: "Report", src });
  coming = frame;
  frame.addEventListener("load", () => {
    if (frame.contentDocument?.getElementById("table")) {
      settle({ frame, version, defaults: noteDefaults(frame.contentDocument) });
      return;
    }
    [refused, trouble] = [version, frame.contentDocument?.body?.textContent ?? ""];
    setTimeout(() => { refused = ""; }, HIDDEN_MS);
    frame.remove();
    coming = null;
  });
  byId("reports").append(frame);
}

/** Wait until nobody uses the old report, have the new one stand as it does, and draw. */
function settle(next) {
  if (isBusy()) {
    setTimeout(settle, STILL_MS, next);
    return;
  }
  if (shown) carryOver(shown.frame, shown.defaults, next.frame);
  setTimeout(() => (isBusy() ? settle(next) : show(next)), shown ? SETTLE_MS : 0);
}

function show(next) {
  const focused = document.activeElement === shown?.frame;
  if (shown) scrollAlike(shown.frame, next.frame);
  next.frame.classList.remove("coming");
  (shown?.frame ?? byId("none")).remove();
  if (focused) next.frame.contentWindow.focus();
  [shown, coming, refused, trouble] = [next, null, "", ""];
  const page = next.frame.contentDocument;
  for (const kind of ["pointerdown", "keydown", "wheel", "input"]) {
    page.addEventListener(kind, () => { touched = performance.now(); }, { capture: true, passive: true });
  }
  const follow = () => { document.documentElement.dataset.theme = page.documentElement.dataset.theme; };
  page.addEventListener("theme", follow);
  follow();
}

/** Whether the page is being used, or a picture looked at: then nothing is exchanged. */
function isBusy() {
  const page = shown?.frame.contentDocument;
  const still = page?.activeElement?.tagName === "SELECT" ? CHOOSE_MS : STILL_MS;
  if (!page) return false;
  return performance.now() - touched < still || Boolean(page.querySelector("dialog[open]"));
}

document.addEventListener("visibilitychange", () => !document.hidden && ask());
ask();
