"use strict";
// Where pictures come from, and what is said of them to those who do not see them.

const pictures = data.pictures;
const picturesOf = (trial) => pictures.of_trial[trial.trial_id] ?? [];
const knownInputs = Object.entries(pictures.inputs).filter(([, one]) => one.path);
const baseName = (path) => path.replace(/^.*[/:]/, "").replace(/\.\w+$/, "");

function fileOf(path) {
  return `${data.root}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

const small = (path) => pictures.small[path] ?? fileOf(path);

/** Show the thumbnail at once, and the whole picture once it is there; without it the thumbnail stays. */
function showWhole(image, path) {
  image.dataset.path = path;
  image.src = small(path);
  const whole = new Image();
  whole.onload = () => {
    if (image.dataset.path === path) image.src = whole.src;
  };
  whole.src = pictures.whole[path] ?? fileOf(path);
}

function describe(trial) {
  const [content, ...styles] = trial.inputs.map((key) => baseName(pictures.inputs[key].name));
  const label = trial.label ? `, ${trial.label}` : "";
  return `${content} in the style of ${styles.join(" and ")}, by ${trial.backend_label}${label}`;
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((each) => each.isIntersecting)) {
    watcher.unobserve(entry.target);
    entry.target.dispatchEvent(new CustomEvent("seen"));
  }
}, { rootMargin: "400px", scrollMargin: "400px" });

/** Do something when an element comes near the window, or when the page is printed. */
function whenSeen(element, act) {
  element.addEventListener("seen", act, { once: true });
  element.classList.add("waiting");
  element.addEventListener("seen", () => element.classList.remove("waiting"), { once: true });
  watcher.observe(element);
}

function seeEverything() {
  document.querySelectorAll(".waiting").forEach((element) => element.dispatchEvent(new CustomEvent("seen")));
  drawWaiting();
}
