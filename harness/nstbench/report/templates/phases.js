"use strict";
// Where the seconds of the sweep went, by the clock on the wall.

const REST = "for all";

function startPhases() {
  figure(byId("phases"), describePhases);
  byId("phases").style.minHeight = `${heightOfPhases()}px`;
  const { phases, rows, parts } = data.times;
  byId("phases-says").textContent = wallInWords();
  const byBackend = rows.map(([label, ...values]) => [label, ...values, sum(values)]);
  byId("phases-table").append(
    secondsTable(["backend", ...phases, "together"], byBackend),
    ...(parts.length ? [secondsTable([REST, "seconds"], [...parts, ["together", partsTogether()]])] : [])
  );
}

const sum = (values) => values.reduce((one, other) => one + other, 0);
const partsTogether = () => sum(data.times.parts.map(([, value]) => value));
const worked = () => sum(data.times.rows.map(([, ...values]) => sum(values)));

function secondsTable(heads, rows) {
  const head = make("tr", {}, ...heads.map(
    (name, place) => make("th", { scope: "col", className: place ? "number" : "", textContent: name })
  ));
  const body = rows.map(([label, ...values]) => make(
    "tr", {}, make("th", { scope: "row", textContent: label }),
    ...values.map((value) => make("td", { className: "number", textContent: seconds(value) }))
  ));
  return make("table", { className: "data" }, make("thead", {}, head), make("tbody", {}, ...body));
}

/** Say what all parts come to, which is the wall clock unless workers ran beside one another. */
function wallInWords() {
  const { rows, wall_s: wall, at_once: atOnce } = data.times;
  if (!rows.length) return "";
  if (wall === null) {
    return `${seconds(worked())} of work; what the sweep took by the clock is not on record for all trials.`;
  }
  const said = `${seconds(wall)} by the clock on the wall, this page included`;
  const all = `${seconds(worked())} by backend and ${seconds(partsTogether())} for all of them`;
  return atOnce ? `${all}, within ${said}, as several ran at once.` : `${said}: ${all}.`;
}

const heightOfPhases = () => 190 + 48 * (data.times.rows.length + (data.times.parts.length ? 1 : 0));

function describePhases() {
  const { phases, rows, parts } = data.times;
  if (!rows.length) return "No trial was timed.";
  const bar = (name, place, labels, values) => ({
    type: "bar", orientation: "h", name, y: labels.map(plainText), x: values,
    marker: {
      color: lookOf(place + 1).colour, line: { color: colour("page"), width: 1 },
      pattern: { shape: place < 7 ? "" : "/", fillmode: "overlay", fgcolor: colour("page"), size: 6 },
    },
    hovertemplate: `${name}: %{x:,.3~r} s<extra>%{y}</extra>`,
  });
  const used = phases.map((name, place) => [name, rows.map((row) => row[place + 1])]);
  const traces = [
    ...used.map(([name, values], place) => bar(name, place, rows.map(([label]) => label), values)),
    ...parts.map(([name, value], place) => bar(name, place + phases.length, [REST], [value])),
  ].filter((trace) => sum(trace.x) > 0);
  const totals = rows.map(([label, ...values]) => `${label} ${seconds(sum(values))}`);
  return {
    traces,
    layout: {
      barmode: "stack", height: heightOfPhases(), xaxis: { title: "seconds" },
      yaxis: { autorange: "reversed", ticklabelstandoff: 8, nticks: 0 },
      margin: { l: 16, r: 16, t: 40, b: 48 },
    },
    says: `Seconds by phase, stacked, for each backend: ${totals.join("; ")}. ${wallInWords()}`,
  };
}
