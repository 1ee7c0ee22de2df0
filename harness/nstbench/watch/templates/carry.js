"use strict";
// A newer report takes the place of the one that is shown, with everything on it as its reader left it.

const SCROLLED = ["sheet", "table", "inputs", "phases-table", "history-table"];
const NAV = 60; // what the sections scroll under

const controlsOf = (page) => [...page.querySelectorAll("input[id], select[id]")];
const tipOf = (page) => [...page.querySelectorAll("details > summary")];

/** Remember how the controls stand when a report is new: what has been changed since is carried over. */
function noteDefaults(page) {
  return new Map(controlsOf(page).map((control) => [control.id, control.value]));
}

/** Return the section that is being read, and how far from the top of the window it begins. */
function whereRead(page) {
  const sections = [...page.querySelectorAll("main > section")];
  const above = sections.filter((section) => section.getBoundingClientRect().top <= NAV);
  const section = above.at(-1);
  return section ? [section.id, section.getBoundingClientRect().top] : null;
}

function carryOver(from, defaults, to) {
  const [old, page] = [from.contentDocument, to.contentDocument];
  to.contentWindow.setTheme(old.documentElement.dataset.theme === "dark");
  to.contentWindow.select(from.contentWindow.location.hash.match(/^#trial=(\w+)$/)?.[1] ?? null);
  for (const control of controlsOf(old)) {
    const is = page.getElementById(control.id);
    if (is && control.value !== defaults.get(control.id)) setControl(is, control.value);
  }
  sortAlike(old, page);
  const open = new Set(tipOf(old).filter((tip) => tip.parentElement.open).map((tip) => tip.textContent));
  for (const tip of tipOf(page)) tip.parentElement.open = open.has(tip.textContent);
  scrollAlike(from, to);
  const focused = old.activeElement;
  if (!focused?.id) return;
  page.getElementById(focused.id)?.focus({ preventScroll: true });
}

function setControl(control, value) {
  const before = control.value;
  control.value = value;
  if (control.value !== value) control.value = before; // what was chosen is there no more
  for (const kind of ["input", "change"]) control.dispatchEvent(new Event(kind));
}

function sortAlike(old, page) {
  const sorted = old.querySelector("#table th[aria-sort]");
  if (!sorted) return;
  const heads = [...page.querySelectorAll("#table thead th")];
  const head = heads.find((each) => each.textContent === sorted.textContent);
  const clicks = sorted.getAttribute("aria-sort") === "descending" ? 2 : 1;
  for (let click = 0; click < clicks; click += 1) head?.querySelector("button").click();
}

/** What is being read stays where it is, whatever has become longer above it. */
function scrollAlike(from, to) {
  const [old, page] = [from.contentDocument, to.contentDocument];
  const read = whereRead(old);
  const section = read && page.getElementById(read[0]);
  const top = section
    ? to.contentWindow.scrollY + section.getBoundingClientRect().top - read[1]
    : from.contentWindow.scrollY;
  to.contentWindow.scrollTo({ top, left: from.contentWindow.scrollX, behavior: "instant" });
  for (const id of SCROLLED) {
    const [was, is] = [old.getElementById(id), page.getElementById(id)];
    if (was && is) is.scrollTo({ top: was.scrollTop, left: was.scrollLeft, behavior: "instant" });
  }
}
