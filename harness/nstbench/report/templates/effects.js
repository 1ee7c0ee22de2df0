"use strict";
// Small multiples: one figure of a trial against each axis.

const FIGURES = [
  ...data.judged,
  ["step_median_s", "seconds per iteration or pass"],
  ["optimise_s", "seconds to the picture"], ["compile_s", "seconds to compile"],
  ["compile_cached_s", "seconds to compile from the cache"], ["gflop_per_s", "GFLOP/s"],
  ["final_total", "total loss as logged"], ["peak_rss_bytes", "GB of host memory"],
  ["peak_device_bytes", "GB of device memory"],
];
const MOST_NAMES = 10;

function startEffects() {
  const known = FIGURES.filter(([name]) => data.trials.some((trial) => trial[name] !== null));
  byId("effect-of").append(...options(known));
  const axes = data.axes.filter((axis) => axis.values.length > 1);
  if (!known.length || !axes.length) {
    byId("multiples").append(
      make("p", { className: "empty", textContent: "Nothing was swept, or nothing was measured." })
    );
    return;
  }
  const redraws = axes.map((axis) => {
    const plot = make("div", { className: "plot" });
    byId("multiples").append(make("figure", {}, make("h3", { textContent: axis.title }), plot));
    return figure(plot, () => describeEffect(axis));
  });
  byId("effect-of").addEventListener("change", () => redraws.forEach((redraw) => redraw()));
  onSelect(() => redraws.forEach((redraw) => redraw()));
}

function describeEffect(axis) {
  const name = byId("effect-of").value;
  const title = byId("effect-of").selectedOptions[0].textContent;
  const unit = name.endsWith("_bytes") ? 1e9 : 1;
  const known = data.trials.filter((trial) => trial[name] !== null && trial.status === "ok");
  if (!known.length) return `No trial has ${title}.`;
  const traces = data.axes[0].values.flatMap(
    (label, place) => effectTraces(axis, (trial) => trial[name] / unit, label, known, lookOf(place))
  );
  const medians = traces.filter((trace) => trace.mode !== "markers").map((trace) => {
    const said = trace.x.map((value, place) => `${value} ${number(trace.y[place], 3)}`);
    return `${trace.name}: ${said.join(", ")}`;
  });
  return {
    traces,
    layout: {
      height: 300, margin: { l: 56, r: 8, t: 8, b: 40 },
      yaxis: { title, rangemode: "tozero" }, xaxis: namedAxis(axis.values, MOST_NAMES),
    },
    says: `${title} against ${axis.title}. Medians: ${medians.join("; ")}`,
  };
}

function effectTraces(axis, figureOf, label, known, look) {
  const mine = known.filter((trial) => trial.backend_label === label);
  const values = axis.values.filter((value) => mine.some((trial) => trial.axes[axis.name] === value));
  const chosen = (trial) => trial.trial_id === selected;
  if (!mine.length) return [];
  return [
    {
      type: "scatter", mode: "markers", name: plainText(label), legendgroup: label,
      showlegend: axis.name !== "backend_label",
      x: mine.map((trial) => plainText(trial.axes[axis.name])), y: mine.map(figureOf),
      customdata: mine.map((trial) => trial.trial_id),
      text: mine.map((trial) => plainText(trial.name)), hovertemplate: "%{text}<br>%{y:,.4~r}<extra></extra>",
      marker: {
        opacity: 1, color: look.colour, symbol: look.symbol,
        size: mine.map((trial) => (chosen(trial) ? 16 : 8)),
        line: { color: colour("ink"), width: mine.map((trial) => (chosen(trial) ? 3 : 0)) },
      },
    },
    {
      type: "scatter", mode: "lines+markers", name: plainText(label), legendgroup: label, showlegend: false,
      hoverinfo: "skip",
      x: values.map(plainText),
      y: values.map(
        (value) => median(mine.filter((trial) => trial.axes[axis.name] === value).map(figureOf))
      ),
      line: { color: look.colour, dash: look.dash, width: 1.5 },
      marker: { symbol: "line-ew", size: 24, line: { color: look.colour, width: 2 } },
    },
  ];
}
