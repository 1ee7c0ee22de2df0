"use strict";
// Medians over commits, with a level between steps.

function startOverCommits() {
  if (!data.history?.series.length) return;
  const redraw = figure(byId("over-commits"), describeHistory);
  byId("history-scale").addEventListener("change", redraw);
  const head = make(
    "tr", {},
    ...["trial", "commits", "first", "latest", "steps", "machine"].map(
      (name, place) => make(
        "th", { scope: "col", className: [1, 2, 3].includes(place) ? "number" : "", textContent: name }
      )
    )
  );
  const body = data.history.series.map((one) => {
    const numbers = [one.at.length, seconds(one.seconds[0]), seconds(one.seconds.at(-1))];
    return make(
      "tr", {}, make("th", { scope: "row", textContent: one.name }),
      ...numbers.map((value) => make("td", { className: "number", textContent: value })),
      ...[stepsOf(one), one.machine].map((textContent) => make("td", { textContent }))
    );
  });
  byId("history-table").append(
    make("table", { className: "data" }, make("thead", {}, head), make("tbody", {}, ...body))
  );
}

const ratioText = (ratio) => `×${ratio.toFixed(2)}`;

function stepsOf({ at, steps }) {
  const said = steps.map(([place, ratio]) => `${data.history.commits[at[place]].sha} ${ratioText(ratio)}`);
  return said.join("; ") || "none";
}

function describeHistory() {
  const { commits, series } = data.history;
  const relative = byId("history-scale").value === "relative";
  const shown = series.map((one) => ({ ...one, unitOf: relative ? one.levels[0] : 1 }));
  const values = shown.flatMap((one) => one.seconds.map((value) => value / one.unitOf));
  const far = Math.max(...values) / Math.min(...values) > 4;
  const unit = new Set(series.map((one) => one.unit)).size > 1 ? "iteration or pass" : series[0].unit;
  const title = relative ? "times the first level" : `seconds per ${unit}`;
  const ticks = ticksOf(commits, byId("over-commits").clientWidth);
  return {
    traces: shown.flatMap((one, place) => historyTraces(one, lookOf(place))),
    layout: {
      xaxis: {
        title: "commit", tickvals: ticks, ticktext: ticks.map((at) => commits[at].sha),
        range: [-0.7, commits.length - 0.3], tickfont: { family: "ui-monospace, monospace", size: 12 },
      },
      yaxis: far ? logAxis(title, values) : { title },
    },
    says: `${title} over ${commits.length} commits. ${series.map(inWords).join(". ")}`,
  };
}

function inWords(one) {
  const [first, latest] = [one.seconds[0], one.seconds.at(-1)].map(seconds);
  return `${one.name}: first ${first}, latest ${latest}, steps: ${stepsOf(one)}`;
}

/** As many commits as have room for their name. */
function ticksOf(commits, width) {
  const every = Math.max(1, Math.ceil(commits.length / Math.max(2, Math.floor((width - 80) / 76))));
  return commits.map((_, at) => at).filter((at) => at % every === 0);
}

function historyTraces(one, look) {
  const { commits } = data.history;
  const starts = [0, ...one.steps.map(([place]) => place), one.at.length];
  const [levelX, levelY] = [[], []];
  one.levels.forEach((level, at) => {
    levelX.push(one.at[starts[at]] - 0.4, one.at[starts[at + 1] - 1] + 0.4, null);
    levelY.push(level / one.unitOf, level / one.unitOf, null);
  });
  const shared = { type: "scatter", name: plainText(one.name), legendgroup: one.name };
  return [
    {
      ...shared, mode: "lines+markers", x: one.at, y: one.seconds.map((value) => value / one.unitOf),
      showlegend: true,
      text: one.at.map(
        (at, place) => [
          `${commits[at].sha} ${commits[at].date}${one.dirty[place] ? ", uncommitted changes" : ""}`,
          plainText(commits[at].subject), `${plainText(one.name)}: ${seconds(one.seconds[place])}`,
          plainText(one.machine),
        ].join("<br>")
      ),
      hovertemplate: "%{text}<extra></extra>",
      line: { color: look.colour, width: 1 },
      marker: {
        color: look.colour, symbol: one.dirty.map((dirty) => `${look.symbol}${dirty ? "-open" : ""}`),
        size: 7,
      },
    },
    {
      ...shared, mode: "lines", x: levelX, y: levelY, showlegend: false, hoverinfo: "skip",
      connectgaps: false,
      line: { color: look.colour, width: 4, dash: look.dash }, opacity: 0.5,
    },
    {
      ...shared, mode: "markers+text", showlegend: false, hoverinfo: "skip",
      x: one.steps.map(([place]) => one.at[place]),
      y: one.steps.map((_, at) => one.levels[at + 1] / one.unitOf),
      text: one.steps.map(([, ratio]) => ratioText(ratio)),
      textposition: one.steps.map(([, ratio]) => (ratio > 1 ? "top left" : "bottom left")),
      textfont: { color: colour("ink"), size: 14 },
      marker: {
        color: look.colour, size: 16,
        symbol: one.steps.map(([, ratio]) => (ratio > 1 ? "triangle-up" : "triangle-down")),
        line: { color: colour("page"), width: 2 },
      },
    },
  ];
}
