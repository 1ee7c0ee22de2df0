"use strict";
// Losses over iterations or seconds.

const LAYERS = "layers";

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
  const [backend, ...others] = data.axes;
  const coloured = data.axes.find((axis) => axis.name === byId("loss-colour").value);
  const dashed = coloured === backend ? longestAxis([backend, ...others]) : backend;
  const used = (axis) => axis.values.filter(
    (value) => logged.some((trial) => trial.axes[axis.name] === value)
  );
  const place = (axis, trial) => used(axis).indexOf(trial.axes[axis.name]);
  const traceOf = (trial) => {
    const chosen = trial.trial_id === selected;
    const look = {
      color: lookOf(place(coloured, trial)).colour,
      dash: dashed === coloured ? "solid" : DASHES[place(dashed, trial) % DASHES.length],
    };
    return {
      ...line(data.curves[trial.trial_id], over, loss), showlegend: false, meta: trial.trial_id,
      line: { ...look, width: chosen ? 4 : 1.75 }, opacity: data.curves[selected] && !chosen ? 0.4 : 1,
      hovertemplate: `${plainText(trial.name)}<br>%{x}: %{y:.4g}<extra></extra>`,
    };
  };
  const legend = (axis, lineOf) => used(axis).map((value, at) => ({
    type: "scatter", mode: "lines", x: [null], y: [null], name: plainText(value), line: lineOf(at),
    showlegend: true,
  }));
  const curves = logged.map(traceOf);
  return [
    ...curves.filter((each) => each.meta !== selected), ...curves.filter((each) => each.meta === selected),
    ...legend(coloured, (at) => ({ color: lookOf(at).colour, width: 3 })),
    ...(
      dashed === coloured || used(dashed).length < 2
        ? []
        : legend(dashed, (at) => ({ color: colour("ink"), dash: DASHES[at % DASHES.length], width: 1.75 }))
    ),
  ];
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
