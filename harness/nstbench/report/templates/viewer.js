"use strict";
// One picture in full size, with how it was made; the arrow keys go on to the next.

let viewed = null;

function view(trial) {
  viewed = trial;
  show(trial.name, trial.image, describe(trial), [
    make("h3", { textContent: `Trial ${trial.short_id}` }),
    facts(settingsOf(trial)),
    make("h3", { textContent: "What it came to" }),
    facts(resultsOf(trial)),
    ...commandsOf(trial),
  ]);
}

function viewInput(key) {
  const { path, name } = pictures.inputs[key];
  viewed = null;
  show(baseName(name), path, baseName(name), [make("p", { className: "small", textContent: name })]);
}

function show(title, path, description, says) {
  byId("viewer-title").textContent = title;
  byId("viewer-picture").alt = description;
  byId("viewer-says").replaceChildren(...says);
  showWhole(byId("viewer-picture"), path);
  if (!byId("viewer").open) byId("viewer").showModal();
}

/** Settings that vary come first, then those that all trials of the backend have and that are not usual. */
function settingsOf(trial) {
  const [backend, ...others] = data.axes;
  const varied = others.filter((axis) => axis.values.length > 1 && trial.axes[axis.name] !== data.unused);
  const own = [backend, ...varied].map((axis) => [axis.title, trial.axes[axis.name]]);
  const known = new Set(own.map(([title]) => title));
  const fixed = data.made.fixed[trial.backend_label] ?? [];
  return [...own, ...fixed.filter(([title]) => !known.has(title))];
}

function resultsOf(trial) {
  const unit = trial.iterations_done === null ? "pass" : "iteration";
  return [
    ["status", trial.status],
    [`seconds per ${unit}`, seconds(trial.step_median_s)],
    ["seconds in the loop", seconds(trial.optimise_s)],
    ["total loss as logged", number(trial.final_total)],
    ["content loss as logged", number(trial.final_content)],
    ["style loss as logged", number(trial.final_style)],
    ...data.judged.map(([name, title]) => [title, number(trial[name], 3)]),
  ].filter(([, said]) => said);
}

function commandsOf(trial) {
  const again = `nstbench rerun ${trial.short_id} ${data.folder}`;
  const other = data.made.stylize[trial.trial_id];
  return [
    make("h3", { textContent: "To measure it again" }), commandBox(again),
    ...(other ? [make("h3", { textContent: "To make such a picture of yours" }), commandBox(other)] : []),
  ];
}

function facts(rows) {
  const cells = rows.flatMap(
    ([title, said]) => [make("dt", { textContent: title }), make("dd", { textContent: said })]
  );
  return make("dl", { className: "facts" }, ...cells);
}

function startViewer() {
  const dialog = byId("viewer");
  const shown = data.trials.filter((trial) => trial.image);
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !viewed) return;
    const next = shown[(shown.indexOf(viewed) + step + shown.length) % shown.length];
    select(next.trial_id);
    view(next);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
