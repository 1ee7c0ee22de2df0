"use strict";
// One picture in full size; the arrow keys go on to the next.

let viewed = null;

function view(trial) {
  viewed = trial;
  byId("viewer-title").textContent = trial.name;
  byId("viewer-says").textContent = figuresOf(trial);
  const image = byId("viewer-picture");
  image.alt = describe(trial);
  showWhole(image, trial.image);
  if (!byId("viewer").open) byId("viewer").showModal();
}

function viewInput(key) {
  const { path, name } = pictures.inputs[key];
  viewed = null;
  byId("viewer-title").textContent = baseName(name);
  byId("viewer-says").textContent = name;
  byId("viewer-picture").alt = baseName(name);
  showWhole(byId("viewer-picture"), path);
  byId("viewer").showModal();
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
