"use strict";
// Where the seconds of the sweep went, by backend.

function startPhases() {
  figure(byId("phases"), describePhases);
  byId("phases").style.minHeight = `${heightOfPhases()}px`;
  const { phases, rows } = data.times;
  const head = make(
    "tr", {},
    ...["backend", ...phases].map(
      (name, place) => make("th", { scope: "col", className: place ? "number" : "", textContent: name })
    )
  );
  const body = rows.map(
    ([label, ...values]) => make(
      "tr", {}, make("th", { scope: "row", textContent: label }),
      ...values.map((value) => make("td", { className: "number", textContent: seconds(value) }))
    )
  );
  byId("phases-table").append(
    make("table", { className: "data" }, make("thead", {}, head), make("tbody", {}, ...body))
  );
}

const heightOfPhases = () => 150 + 48 * data.times.rows.length;

function describePhases() {
  const { phases, rows } = data.times;
  if (!rows.length) return "No trial was timed.";
  const traces = phases.map((phase, place) => ({
    type: "bar", orientation: "h", name: phase, y: rows.map(([label]) => plainText(label)),
    x: rows.map((row) => row[place + 1]),
    marker: { color: lookOf((place + 1) % phases.length).colour, line: { color: colour("page"), width: 1 } },
    hovertemplate: `${phase}: %{x:.3g} s<extra>%{y}</extra>`,
  }));
  const totals = rows.map(
    ([label, ...values]) => `${label} ${seconds(values.reduce((sum, value) => sum + value, 0))}`
  );
  return {
    traces,
    layout: {
      barmode: "stack", height: heightOfPhases(), xaxis: { title: "seconds" },
      yaxis: { autorange: "reversed", ticklabelstandoff: 8 },
      margin: { l: 16, r: 16, t: 40, b: 48 },
    },
    says: `Seconds by phase, stacked, for each backend: ${totals.join("; ")}. The table below has the parts.`,
  };
}
