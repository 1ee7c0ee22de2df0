"use strict";
// The table of trials: sorted by any column, filtered by text and status.

const ROWS_AT_ONCE = 50;
const ROW_HEIGHT = 33;
const JUDGES = [
  ["SSIM", "referee_ssim"], ["MS-SSIM", "referee_msssim"], ["CFSD", "referee_cfsd"],
  ["colour", "referee_colour"], ["SWD", "referee_swd"],
];
const order = { column: null, descending: false };
const { compare: compareTexts } = new Intl.Collator();
let columns = [];

function startTable() {
  columns = tableColumns();
  const statuses = [...new Set(data.trials.map((trial) => trial.status))];
  byId("status").append(...options([["", "all"], ...statuses.map((status) => [status, status])]));
  const head = make("tr", {}, ...columns.map(headCell));
  byId("table").append(make("table", { className: "data" }, make("thead", {}, head)));
  byId("find").addEventListener("input", fillTable);
  byId("status").addEventListener("change", fillTable);
  onSelect(() => byId("table").querySelectorAll("tr[data-trial]").forEach(markRow));
  fillTable();
  listFailures();
}

function tableColumns() {
  const axes = data.axes.slice(1).map((axis) => ({
    title: axis.title, value: (trial) => axis.values.indexOf(trial.axes[axis.name]),
    text: (trial) => trial.axes[axis.name],
  }));
  const figure = (title, name, say) => ({
    title, value: (trial) => trial[name], text: (trial) => say(trial[name]), number: true,
  });
  const arrivalAt = (trial, threshold) => (
    trial.arrivals.find(([at]) => at === threshold) ?? [threshold, null, false]
  );
  const arrivals = data.thresholds.map((threshold) => ({
    title: `referee ≤ ${threshold}`, number: true,
    value: (trial) => (arrivalAt(trial, threshold)[2] ? arrivalAt(trial, threshold)[1] : null),
    text: (trial) => (
      arrivalAt(trial, threshold)[1] === null
        ? ""
        : `${arrivalAt(trial, threshold)[2] ? "" : "> "}${seconds(arrivalAt(trial, threshold)[1])}`
    ),
  }));
  const figures = [
    figure("s / iteration", "step_median_s", seconds), figure("± mad", "step_mad_s", seconds),
    figure("compile", "compile_s", seconds), figure("compile, cached", "compile_cached_s", seconds),
    figure("to the picture", "optimise_s", seconds),
    figure("GFLOP/s", "gflop_per_s", (value) => number(value, 3)),
    figure("total loss", "final_total", number),
    figure("referee", "referee_total", (value) => number(value, 3)),
    ...arrivals,
    ...JUDGES.map(([title, name]) => figure(title, name, (value) => number(value, 3))),
    figure("memory", "peak_rss_bytes", bytes),
    figure("device memory", "peak_device_bytes", bytes),
  ];
  return [
    { title: "trial", value: (trial) => trial.name, text: (trial) => trial.name },
    ...axes,
    { title: "status", value: (trial) => trial.status, text: (trial) => trial.status },
    ...figures.filter((each) => data.trials.some((trial) => each.value(trial) !== null)),
  ];
}

function headCell(column) {
  const button = make("button", { type: "button", textContent: column.title });
  const cell = make("th", { scope: "col", className: column.number ? "number" : "" }, button);
  button.addEventListener("click", () => {
    order.descending = order.column === column && !order.descending;
    order.column = column;
    cell.parentElement.querySelectorAll("th").forEach((each) => each.removeAttribute("aria-sort"));
    cell.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
    fillTable();
  });
  return cell;
}

function fillTable() {
  const words = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  const status = byId("status").value;
  const matches = (trial) => {
    const text = [
      trial.name, trial.trial_id, trial.status, trial.error_message ?? "", ...Object.values(trial.axes),
    ].join(" ").toLowerCase();
    return (!status || trial.status === status) && words.every((word) => text.includes(word));
  };
  const shown = sorted(data.trials.filter(matches));
  const table = byId("table").querySelector("table");
  [...table.tBodies].forEach((body) => body.remove());
  table.append(make("tbody", {}, ...shown.slice(0, ROWS_AT_ONCE).map(rowOf)));
  for (let at = ROWS_AT_ONCE; at < shown.length; at += ROWS_AT_ONCE) {
    table.append(laterRows(shown.slice(at, at + ROWS_AT_ONCE)));
  }
  byId("found").textContent = `${shown.length} of ${data.trials.length}`;
  return shown;
}

/** Rows that are made when they come into view, and until then have their place kept. */
function laterRows(shown) {
  const gap = make("tr", {}, make("td", { colSpan: columns.length }));
  gap.style.height = `${shown.length * ROW_HEIGHT}px`;
  const body = make("tbody", {}, gap);
  whenSeen(body, () => body.replaceChildren(...shown.map(rowOf)));
  return body;
}

/** Trials without the figure come last, whichever way it is sorted. */
function sorted(shown) {
  if (!order.column) return shown;
  const sign = order.descending ? -1 : 1;
  const compare = (a, b) => (typeof a === "string" ? compareTexts(a, b) : a - b);
  return shown.sort((one, other) => {
    const [a, b] = [order.column.value(one), order.column.value(other)];
    return a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b);
  });
}

function rowOf(trial) {
  const button = make("button", { type: "button", textContent: trial.name });
  button.addEventListener("click", () => select(trial.trial_id === selected ? null : trial.trial_id));
  const cells = columns.slice(1).map((column) => {
    const cell = make("td", { className: column.number ? "number" : "", textContent: column.text(trial) });
    if (column.title === "status") {
      cell.replaceChildren(make("span", { className: `status ${trial.status}`, textContent: trial.status }));
    }
    return cell;
  });
  const row = make("tr", {}, make("th", { scope: "row" }, button), ...cells);
  row.dataset.trial = trial.trial_id;
  markRow(row);
  return row;
}

function markRow(row) {
  const chosen = row.dataset.trial === selected;
  row.classList.toggle("chosen", chosen);
  row.querySelector("button").setAttribute("aria-pressed", String(chosen));
}

function showRow(id) {
  byId("find").value = byId("status").value = "";
  const at = fillTable().findIndex((trial) => trial.trial_id === id);
  if (at < 0) return;
  const body = byId("table").querySelector("table").tBodies[Math.floor(at / ROWS_AT_ONCE)];
  body.dispatchEvent(new CustomEvent("seen"));
  body.rows[at % ROWS_AT_ONCE].scrollIntoView({ block: "center" });
}

function listFailures() {
  const failed = data.trials.filter((trial) => !["ok", "pending"].includes(trial.status));
  if (!failed.length) return;
  const said = failed.flatMap((trial) => [
    make("dt", { textContent: `${trial.name}: ${trial.status}` }),
    make("dd", { textContent: trial.error_message || trial.error_type || "no reason is on record" }),
  ]);
  byId("failures").append(make("h3", { textContent: "What did not work" }), make("dl", {}, ...said));
}
