"use strict";
// The pictures of one trial on the way, moved through with a range.

function startScrubber() {
  const choice = byId("scrubbed");
  const range = byId("scrubber");
  const scrubbable = data.trials.filter((trial) => picturesOf(trial).length);
  choice.append(...options(scrubbable.map((trial) => [trial.trial_id, trial.name])));
  const longest = Math.max(0, ...scrubbable.map((trial) => picturesOf(trial).length));
  const first = scrubbable.find((trial) => picturesOf(trial).length === longest);
  const take = (trial) => {
    choice.value = trial.trial_id;
    range.max = picturesOf(trial).length - 1;
    range.value = range.max;
    scrub();
  };
  choice.addEventListener("change", () => take(trials.get(choice.value)));
  range.addEventListener("input", scrub);
  onSelect((trial) => trial && picturesOf(trial).length && take(trial));
  if (first) take(first);
}

function scrub() {
  const trial = trials.get(byId("scrubbed").value);
  const range = byId("scrubber");
  const picture = picturesOf(trial)[Number(range.value)];
  const when = picture.iteration === null ? "one pass" : `iteration ${picture.iteration}`;
  const figures = [
    ["referee", picture.referee_total], ["SSIM", picture.referee_ssim],
  ].filter(([, value]) => value !== null);
  const said = [
    when, seconds(picture.elapsed_s), ...figures.map(([name, value]) => `${name} ${number(value, 3)}`),
  ];
  byId("scrubber-says").textContent = said.filter(Boolean).join(" · ");
  range.setAttribute("aria-valuetext", when);
  byId("scrubber-picture").alt = `${describe(trial)}, ${when}`;
  showWhole(byId("scrubber-picture"), picture.path);
}
