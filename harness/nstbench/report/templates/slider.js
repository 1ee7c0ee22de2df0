"use strict";
// Before and after: two pictures on top of each other, with a border to move.

function startSlider() {
  const groups = () => [
    make(
      "optgroup", { label: "Inputs" },
      ...options(knownInputs.map(([, one]) => [one.path, baseName(one.name)]))
    ),
    make(
      "optgroup", { label: "Trials" },
      ...options(data.trials.filter((trial) => trial.image).map((trial) => [trial.image, trial.name]))
    ),
  ];
  const finished = data.trials.filter((trial) => trial.image);
  const sides = { left: byId("left"), right: byId("right") };
  for (const [side, choice] of Object.entries(sides)) {
    choice.append(...groups());
    choice.addEventListener("change", () => showSide(side));
  }
  if (finished.length) sides.right.value = finished[0].image;
  Object.keys(sides).forEach(showSide);
  onSelect((trial) => {
    if (!trial?.image) return;
    sides.right.value = trial.image;
    showSide("right");
  });
  followPointer(byId("slider"), byId("border"));
}

function showSide(side) {
  const choice = byId(side);
  if (!choice.value) return;
  const image = byId(`${side}-picture`);
  image.alt = `${side}: ${choice.selectedOptions[0].textContent}`;
  showWhole(image, choice.value);
}

function followPointer(box, border) {
  const move = () => box.style.setProperty("--at", `${border.value}%`);
  border.addEventListener("input", move);
  const drag = (event) => {
    const { left, width } = box.getBoundingClientRect();
    border.value = (100 * (event.clientX - left)) / width;
    move();
  };
  box.addEventListener("pointerdown", drag);
  box.addEventListener("pointermove", (event) => event.buttons && drag(event));
  box.addEventListener("dragstart", (event) => event.preventDefault());
  move();
}
