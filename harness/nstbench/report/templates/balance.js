"use strict";
// The two parts of the referee's loss against each other: what a weight of content or style buys, and costs.

const WEIGHTS = ["alpha", "beta"];

function startBalance() {
  const swept = data.axes.slice(1).filter((axis) => axis.values.length > 1);
  const axes = swept.length ? swept : data.axes.slice(0, 1);
  const first = axes.find((axis) => WEIGHTS.includes(axis.name)) ?? longestAxis([null, ...axes]);
  byId("balance-by").append(...options(axes.map((axis) => [axis.name, axis.title]), first.name));
  const redraw = figure(byId("balance-plot"), describeBalance);
  byId("balance-by").addEventListener("change", redraw);
  onSelect(redraw);
}

function describeBalance() {
  const judged = data.trials.filter((trial) => trial.content_share !== null && trial.style_share !== null);
  if (!judged.length) return "No picture was judged by a referee (measure.referee).";
  const axis = data.axes.find((one) => one.name === byId("balance-by").value);
  const across = axisOver("content loss", judged, "content_share");
  const up = axisOver("style loss", judged, "style_share");
  const labelled = new Set(withRoom(judged, axis, across, up));
  const traces = data.axes[0].values.flatMap((label, place) => {
    const mine = judged.filter((trial) => trial.backend_label === label);
    return mine.length ? balanceTraces(label, mine, axis, lookOf(place), labelled) : [];
  });
  const said = judged.map(
    (trial) => `${trial.name} ${number(trial.content_share, 3)}, ${number(trial.style_share, 3)}`
  );
  return {
    traces, layout: { xaxis: across.layout, yaxis: up.layout },
    says: `Content loss and style loss of ${judged.length} pictures: ${said.slice(0, MANY).join("; ")}`,
  };
}

/** One side of the chart: logarithmic if its values lie far apart; `at` says how far along it one lies. */
function axisOver(title, judged, name) {
  const values = judged.map((trial) => trial[name]);
  const extreme = (choose) => values.reduce((one, other) => choose(one, other));
  const [low, high] = [extreme(Math.min), extreme(Math.max)];
  const far = low > 0 && high / low > 10;
  const scale = far ? Math.log10 : (value) => value;
  return {
    layout: far ? logAxis(title, values) : { title, rangemode: high < 4 * low ? "normal" : "tozero" },
    at: (trial) => (scale(trial[name]) - scale(low)) / (scale(high) - scale(low) || 1),
  };
}

/** The trials whose labels do not lie on one another, the selected one first. */
function withRoom(judged, axis, across, up) {
  const [width, height] = [byId("balance-plot").clientWidth * 0.75, byId("balance-plot").clientHeight * 0.6];
  const order = [...judged].sort((one, other) => (other.trial_id === selected) - (one.trial_id === selected));
  const placed = [];
  for (const trial of order) {
    if (trial.axes[axis.name] === data.unused) continue;
    const half = 4 + 3.5 * valueText(trial.axes[axis.name]).length;
    const [x, y] = [across.at(trial) * width, up.at(trial) * height];
    const free = placed.every(
      (one) => Math.abs(one.x - x) > one.half + half || Math.abs(one.y - y) > 18
    );
    if (free) placed.push({ trial, x, y, half });
  }
  return placed.map((one) => one.trial);
}

function balanceTraces(label, mine, axis, look, labelled) {
  const others = data.axes.filter((one) => one !== axis);
  const place = (trial) => axis.values.indexOf(trial.axes[axis.name]);
  const lines = grouped(mine, (trial) => others.map((one) => trial.axes[one.name]));
  const inOrder = lines.map((alike) => [...alike].sort((one, other) => place(one) - place(other)));
  const chosen = (trial) => trial.trial_id === selected;
  const joined = (name) => inOrder.flatMap((alike) => [...alike.map((trial) => trial[name]), null]);
  return [
    {
      type: "scatter", mode: "lines", showlegend: false, hoverinfo: "skip", connectgaps: false, opacity: 0.5,
      x: joined("content_share"), y: joined("style_share"),
      line: { color: look.colour, width: 1.5, dash: look.dash },
    },
    {
      type: "scatter", mode: "markers+text", name: plainText(label), showlegend: true,
      x: mine.map((trial) => trial.content_share), y: mine.map((trial) => trial.style_share),
      customdata: mine.map((trial) => trial.trial_id), hovertext: mine.map((trial) => plainText(trial.name)),
      text: mine.map((trial) => (labelled.has(trial) ? valueText(trial.axes[axis.name]) : "")),
      textposition: "top center", textfont: { size: 12, color: colour("ink") }, cliponaxis: false,
      hovertemplate: "%{hovertext}<br>content %{x:,.3~r}, style %{y:,.3~r}<extra></extra>",
      marker: {
        opacity: 1, color: look.colour, symbol: look.symbol,
        size: mine.map((trial) => (chosen(trial) ? 16 : 9)),
        line: { color: colour("ink"), width: mine.map((trial) => (chosen(trial) ? 3 : 0)) },
      },
    },
  ];
}
