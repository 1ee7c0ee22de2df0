"use strict";
// Seconds against the referee's loss, with the front of those that no other trial beats in both.

function startTradeoff() {
  const redraw = figure(byId("tradeoff-plot"), describeTradeoff);
  onSelect(redraw);
  document.addEventListener("budget", redraw);
  startBudget();
}

function describeTradeoff() {
  const judged = data.trials.filter((trial) => trial.referee_total !== null && trial.optimise_s > 0);
  if (!judged.length) return "No picture was judged by a referee (measure.referee).";
  const backends = data.axes[0].values;
  const of = (label) => judged.filter((trial) => trial.backend_label === label);
  const traces = [
    ...backends.map((label, place) => wayTrace(of(label), lookOf(place))),
    frontTrace(),
    ...backends.map((label, place) => trialTrace(label, of(label), lookOf(place))),
  ];
  const front = data.front.map((id) => {
    const { name, optimise_s, referee_total } = trials.get(id);
    return `${name} (${seconds(optimise_s)}, ${number(referee_total, 3)})`;
  });
  return {
    traces: traces.filter((trace) => trace.x.length),
    layout: {
      xaxis: logAxis("seconds in the loop", judged.map((trial) => trial.optimise_s)),
      yaxis: { title: "referee loss", rangemode: "tozero" },
    },
    says: `Seconds against referee loss of ${judged.length} trials. Not beaten: ${front.join("; ")}`,
  };
}

function trialTrace(label, shown, look) {
  const chosen = (trial) => trial.trial_id === selected;
  const within = (trial) => bought.has(trial.trial_id);
  const width = (trial) => (chosen(trial) || within(trial) ? 3 : 0);
  return {
    type: "scatter", mode: "markers", name: plainText(label), showlegend: true,
    x: shown.map((trial) => trial.optimise_s), y: shown.map((trial) => trial.referee_total),
    customdata: shown.map((trial) => trial.trial_id), text: shown.map((trial) => plainText(trial.name)),
    hovertemplate: "%{text}<br>%{x:,.3~r} s: %{y:,.3~r}<extra></extra>",
    marker: {
      opacity: 1, color: look.colour, symbol: look.symbol,
      size: shown.map((trial) => (chosen(trial) || within(trial) ? 18 : 10)),
      line: {
        color: shown.map((trial) => colour(within(trial) ? "good" : "ink")), width: shown.map(width),
      },
    },
  };
}

function wayTrace(shown, look) {
  const [x, y] = [[], []];
  for (const trial of shown) {
    const way = picturesOf(trial).filter(
      (one) => one.iteration !== null && one.elapsed_s > 0 && one.referee_total !== null
    );
    if (way.length < 2) continue;
    x.push(...way.map((one) => one.elapsed_s), null);
    y.push(...way.map((one) => one.referee_total), null);
  }
  return {
    type: "scatter", mode: "lines+markers", x, y, showlegend: false, hoverinfo: "skip", opacity: 0.35,
    connectgaps: false, line: { color: look.colour, width: 1 }, marker: { color: look.colour, size: 4 },
  };
}

function frontTrace() {
  const front = data.front.map((id) => trials.get(id));
  return {
    type: "scatter", mode: "lines", name: "not beaten", showlegend: true, hoverinfo: "skip",
    x: front.map((trial) => trial.optimise_s), y: front.map((trial) => trial.referee_total),
    line: { color: colour("soft"), dash: "dash", width: 1.5, shape: "hv" },
  };
}
