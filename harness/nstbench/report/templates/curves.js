"use strict";
// Losses over iterations or seconds.

const LAYERS = "layers";
const MANY = 100;

function startCurves() {
  byId("loss").append(...options([
    ["total", "total"], ["content", "content"], ["style", "style"], ["tv", "total variation"],
    [LAYERS, "style by layer, of one trial"],
  ]));
  const axes = data.axes.filter((axis, place) => axis.values.length > 1 || place === 0);
  byId("loss-colour").append(...options(axes.map((axis) => [axis.name, axis.title]), longestAxis(axes).name));
  const redraw = figure(byId("curves"), describeCurves);
  ["loss", "loss-over", "loss-colour"].forEach((id) => byId(id).addEventListener("change", redraw));
  onSelect(redraw);
  document.addEventListener("losses", ({ detail }) => {
    takeLosses(detail);
    redraw();
  });
}

/** A page that is served while trials run is told of their losses as they come. */
function takeLosses(curves) {
  for (const [id, curve] of Object.entries(curves)) {
    if (trials.get(id)?.status === "pending") data.curves[id] = curve;
  }
}

/** The longest axis besides the backends, if there is another. */
function longestAxis(axes) {
  const [backend, ...others] = axes;
  return others.sort((a, b) => b.values.length - a.values.length)[0] ?? backend;
}

function describeCurves() {
  const logged = data.trials.filter((trial) => data.curves[trial.trial_id]);
  if (!logged.length) return "No trial logged any loss.";
  const [loss, over] = [byId("loss").value, byId("loss-over").value];
  const traces = loss === LAYERS ? layerTraces(logged, over) : lossTraces(logged, loss, over);
  const what = loss === LAYERS
    ? "style loss of each layer, before its weight"
    : byId("loss").selectedOptions[0].textContent;
  const unit = over === "iteration" ? "iteration" : "seconds in the loop";
  const count = loss === LAYERS ? traces.length : logged.length;
  return {
    traces,
    layout: { xaxis: { title: unit }, yaxis: logAxis(what, traces.flatMap((trace) => trace.y)) },
    says: `${what} against ${unit}: ${count} curves; the last values are in the table of trials`,
  };
}

/** Colour tells the chosen axis, dashes tell the backends (or, if they have the colour, the longest axis). */
function lossTraces(logged, loss, over) {
  const [backend] = data.axes;
  const coloured = data.axes.find((axis) => axis.name === byId("loss-colour").value);
  const dashed = coloured === backend ? longestAxis(data.axes) : backend;
  const used = new Map([coloured, dashed].map((axis) => [axis, valuesOf(axis.name, logged)]));
  const place = (axis, trial) => used.get(axis).indexOf(trial.axes[axis.name]);
  const lookOfTrial = (trial) => [
    place(coloured, trial), dashed === coloured ? 0 : place(dashed, trial) % DASHES.length,
  ];
  const [thin, faint] = logged.length > MANY ? [1, 0.15] : [1.75, 0.4];
  const traceOf = (alike, width, opacity) => {
    const [colourAt, dashAt] = lookOfTrial(alike[0]);
    return {
      ...joined(alike, over, loss), showlegend: false, opacity,
      line: { color: lookOf(colourAt).colour, dash: DASHES[dashAt], width },
      hovertemplate: "%{text}<br>%{x}: %{y:,.4~r}<extra></extra>",
    };
  };
  const legend = (axis, lineOf) => used.get(axis).map((value, at) => ({
    type: "scatter", mode: "lines", x: [null], y: [null], name: valueText(value), line: lineOf(at),
    showlegend: true,
  }));
  const chosen = logged.filter((trial) => trial.trial_id === selected);
  const others = grouped(logged.filter((trial) => trial.trial_id !== selected), lookOfTrial);
  return [
    ...others.map((alike) => traceOf(alike, thin, chosen.length ? faint : 1)),
    ...chosen.map((trial) => traceOf([trial], 4, 1)),
    ...legend(coloured, (at) => ({ color: lookOf(at).colour, width: 3 })),
    ...(
      dashed === coloured || used.get(dashed).length < 2
        ? []
        : legend(dashed, (at) => ({ color: colour("ink"), dash: DASHES[at % DASHES.length], width: 1.75 }))
    ),
  ];
}

function grouped(all, keyOf) {
  const groups = new Map();
  for (const one of all) {
    const key = String(keyOf(one));
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  return [...groups.values()];
}

/** Curves that look alike as one trace with gaps: of a thousand traces Plotly takes its time. */
function joined(alike, over, loss) {
  const all = { type: "scatter", mode: "lines", connectgaps: false, x: [], y: [], customdata: [], text: [] };
  for (const trial of alike) {
    const { x, y } = line(data.curves[trial.trial_id], over, loss);
    const name = plainText(trial.name);
    all.x.push(...x, null);
    all.y.push(...y, null);
    all.customdata.push(...x.map(() => trial.trial_id), null);
    all.text.push(...x.map(() => name), null);
  }
  return all;
}

function layerTraces(logged, over) {
  const trial = logged.find((each) => each.trial_id === selected) ?? logged[0];
  const curve = data.curves[trial.trial_id];
  return Object.keys(curve.layers).map((layer, place) => ({
    ...line({ ...curve, [layer]: curve.layers[layer] }, over, layer),
    name: `${layer} of ${plainText(trial.name)}`, showlegend: true,
    line: { color: lookOf(place).colour, dash: lookOf(place).dash, width: 2 },
  }));
}

/** A logarithm has no place for zero. */
function line(curve, over, loss) {
  return {
    type: "scatter", mode: "lines", x: curve[over], y: curve[loss].map((value) => (value > 0 ? value : null)),
  };
}

/** Plotly reads a little markup in names; what looks like it is shown as it is. */
function plainText(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/%\{/g, "%&#123;");
}
