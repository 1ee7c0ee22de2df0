"use strict";
// Which trial is selected: one place that everything else listens to, and that the address bar shows.

const trials = new Map(data.trials.map((trial) => [trial.trial_id, trial]));
const listeners = [];
let selected = null;

function onSelect(listener) {
  listeners.push(listener);
}

function select(id) {
  const next = trials.has(id) ? id : null;
  if (next === selected) return;
  selected = next;
  const address = selected ? `#trial=${selected}` : location.pathname;
  history.replaceState(null, "", address);
  listeners.forEach((listener) => listener(trials.get(selected) ?? null));
}

/** Links to sections keep the selection; a link to a trial makes it. */
function followAddress() {
  const found = location.hash.match(/^#trial=(\w+)$/);
  if (found) select(found[1]);
}

function startSelection() {
  const bar = byId("selected");
  onSelect((trial) => {
    bar.hidden = !trial;
    if (!trial) return;
    byId("selected-name").textContent = trial.name;
    byId("selected-says").textContent = trial.status === "ok"
      ? figuresOf(trial)
      : `${trial.status}: ${trial.error_message ?? ""}`;
    byId("show-picture").disabled = !trial.image;
  });
  byId("show-picture").addEventListener("click", () => view(trials.get(selected)));
  byId("show-row").addEventListener("click", () => showRow(selected));
  byId("clear").addEventListener("click", () => select(null));
  addEventListener("hashchange", followAddress);
}

function figuresOf(trial) {
  const said = [];
  const unit = trial.iterations_done === null ? "a pass" : "an iteration";
  if (trial.step_median_s !== null) said.push(`${seconds(trial.step_median_s)} ${unit}`);
  if (trial.referee_total !== null) said.push(`referee ${number(trial.referee_total, 3)}`);
  if (trial.referee_ssim !== null) said.push(`SSIM ${number(trial.referee_ssim, 3)}`);
  return said.join(" · ");
}
