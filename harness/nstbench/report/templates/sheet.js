"use strict";
// The contact sheet: one axis across, one down, the others as filters. A backend that does not use the axis
// across has one picture for all of its values.

const NONE = "";
const EVERY = "";

function startSheet() {
  const names = data.axes.map((axis) => [axis.name, axis.title]);
  const [across, down] = firstLayout();
  const chooser = (id, text, chosen) => {
    const choice = make("select", { id }, ...options([...names, [NONE, "nothing"]], chosen));
    choice.addEventListener("change", () => layOut(id));
    return make("label", {}, text, choice);
  };
  byId("sheet-controls").append(chooser("across", "Across", across), chooser("down", "Down", down));
  byId("sheet-controls").append(...data.axes.map(filterFor));
  byId("sheet-controls").addEventListener("submit", (event) => event.preventDefault());
  byId("inputs").append(...knownInputs.map(([key]) => inputFigure(key)));
  onSelect(() => markTiles());
  layOut();
}

/** The longest axis goes across, the backends (or the next longest) down. */
function firstLayout() {
  const [backend, ...others] = [...data.axes];
  const longest = others.sort((a, b) => b.values.length - a.values.length);
  if (!longest.length) return [backend.name, NONE];
  if (backend.values.length > 1) return [longest[0].name, backend.name];
  return [longest[0].name, longest[1]?.name ?? NONE];
}

function filterFor(axis) {
  const choices = [[EVERY, "all"], ...axis.values.map((value) => [value, value])];
  const choice = make("select", { id: `only-${axis.name}` }, ...options(choices, EVERY));
  choice.addEventListener("change", () => layOut());
  return make("label", { className: "filter" }, axis.title, choice);
}

function inputFigure(key) {
  const { path, name } = pictures.inputs[key];
  const image = make("img", { alt: "", src: small(path) });
  const role = data.trials.some((trial) => trial.inputs[0] === key) ? "content" : "style";
  const button = make(
    "button", { type: "button", className: "tile" }, image, make("span", {}, `${role}: ${baseName(name)}`)
  );
  button.style.width = "auto";
  button.addEventListener("click", () => viewInput(key));
  return make("figure", {}, button);
}

function layOut(changed) {
  const [across, down] = [byId("across"), byId("down")];
  if (across.value === down.value && changed) (changed === "across" ? down : across).value = NONE;
  const shown = data.trials.filter(
    (trial) => data.axes.every((axis) => passes(trial, axis, across.value, down.value))
  );
  const table = make("table", { className: "sheet" });
  byId("sheet").replaceChildren(table);
  fillSheet(table, shown, across.value, down.value);
  markTiles();
}

function fillSheet(table, shown, across, down) {
  const used = valuesOf(across, shown);
  const rows = valuesOf(down, shown).map(
    (value) => [value, shown.filter((trial) => at(trial, down) === value)]
  );
  const indifferent = (mine) => mine.every((trial) => at(trial, across) === data.unused);
  const spread = rows.every(
    ([, mine]) => indifferent(mine) || mine.every((trial) => at(trial, across) !== data.unused)
  );
  const columns = spread && used.length > 1 ? used.filter((value) => value !== data.unused) : used;
  const tiles = (mine) => mine.map((trial) => tile(trial, across, down));
  const cells = (mine) => (columns !== used && indifferent(mine)
    ? [make("td", { colSpan: columns.length }, ...tiles(mine))]
    : columns.map(
      (column) => make("td", {}, ...tiles(mine.filter((trial) => at(trial, across) === column)))
    ));
  const head = make("tr", {}, corner(across, down), ...columns.map((value) => heading("col", across, value)));
  const body = rows.map(([value, mine]) => make("tr", {}, heading("row", down, value), ...cells(mine)));
  table.append(make("thead", {}, head), make("tbody", {}, ...body));
}

const at = (trial, axis) => (axis === NONE ? NONE : trial.axes[axis]);

function passes(trial, axis, across, down) {
  const filter = byId(`only-${axis.name}`);
  const laidOut = axis.name === across || axis.name === down;
  filter.parentElement.hidden = laidOut || axis.values.length < 2;
  return laidOut || filter.value === EVERY || trial.axes[axis.name] === filter.value;
}

function valuesOf(name, shown) {
  const axis = data.axes.find((each) => each.name === name);
  return axis ? axis.values.filter((value) => shown.some((trial) => trial.axes[name] === value)) : [NONE];
}

function heading(scope, name, value) {
  return name === NONE ? make("td") : make("th", { scope }, value);
}

function corner(across, down) {
  const titles = [[across, "→"], [down, "↓"]].filter(([name]) => name !== NONE);
  const said = titles.map(
    ([name, arrow]) => make("div", {}, `${data.axes.find((axis) => axis.name === name).title} ${arrow}`)
  );
  return make("td", { className: "axis" }, ...said);
}

function tile(trial, across, down) {
  const rest = data.axes.filter((axis) => ![across, down].includes(axis.name) && axis.values.length > 1);
  const whatever = trial.axes[across] === data.unused
    ? `whatever the ${data.axes.find((axis) => axis.name === across).title}`
    : "";
  const said = [
    ...rest.map((axis) => `${axis.title} ${trial.axes[axis.name]}`), whatever, figuresOf(trial),
  ].filter(Boolean).join(" · ");
  const button = make("button", { type: "button", className: "tile", title: trial.name });
  button.dataset.trial = trial.trial_id;
  if (trial.image) {
    const image = make("img", { alt: describe(trial), decoding: "async" });
    whenSeen(image, () => { image.src = small(trial.image); });
    button.append(image, make("span", {}, said));
  } else {
    const why = trial.error_message ? `: ${trial.error_message}` : "";
    const className = `none ${trial.status}`;
    button.append(
      make("span", { className, textContent: `${trial.status}${why}` }), make("span", {}, said)
    );
  }
  button.addEventListener("click", () => {
    select(trial.trial_id);
    if (trial.image) view(trial);
  });
  return button;
}

function markTiles() {
  document.querySelectorAll(".tile[data-trial]").forEach((each) => {
    each.classList.toggle("bought", bought.has(each.dataset.trial));
    each.classList.toggle("chosen", each.dataset.trial === selected);
  });
}
