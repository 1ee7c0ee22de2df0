"use strict";
// Figures are drawn when they come into view, and again when the theme, the selection or a choice changes.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star"];

/** Colour, dash and symbol of the n-th of some values; none is told by its colour alone. */
function lookOf(place) {
  return {
    colour: colour(`c${place % 7}`), dash: DASHES[place % DASHES.length],
    symbol: SYMBOLS[place % SYMBOLS.length],
  };
}

/**
 * Keep an element filled with what `describe` returns: {traces, layout, says}, or a text if there is nothing.
 * Returns what to call when that has changed; out of sight, drawing waits.
 */
function figure(element, describe) {
  let waits = false;
  const redraw = () => {
    if (waits) return;
    waits = true;
    whenSeen(element, () => {
      if (!window.Plotly) inTurn(plotly);
      inTurn(() => {
        waits = false;
        draw(element, describe);
      });
    });
  };
  document.addEventListener("theme", redraw);
  redraw();
  return redraw;
}

/** Figures are drawn one by one, so that the page answers in between. */
const turns = [];

function inTurn(act) {
  turns.push(act);
  setTimeout(nextTurn);
}

function nextTurn() {
  turns.shift()?.();
}

/** Draw at once what waits. */
function drawWaiting() {
  while (turns.length) nextTurn();
}

/** Plotly, which runs when the first figure is drawn: it takes a second, and the page does not wait. */
function plotly() {
  if (!window.Plotly) {
    document.head.append(make("script", { textContent: byId("plotly").textContent }));
  }
  return Plotly;
}

function draw(element, describe) {
  const made = describe();
  if (typeof made === "string") {
    if (element.data) plotly().purge(element);
    element.removeAttribute("role");
    element.removeAttribute("aria-label");
    element.replaceChildren(make("p", { className: "empty", textContent: made }));
    return;
  }
  if (!element.data) element.replaceChildren();
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", made.says);
  const layout = layoutOf(element, made.layout);
  plotly().react(element, made.traces, layout, { displayModeBar: false, responsive: true });
  if (element.dataset.listens) return;
  element.dataset.listens = "yes";
  followZoom(element);
  element.on("plotly_click", (event) => {
    if (trials.has(event.points[0].customdata)) select(event.points[0].customdata);
  });
}

function layoutOf(element, { xaxis = {}, yaxis = {}, ...rest }) {
  const axis = {
    gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor: colour("line"), automargin: true,
    exponentformat: "none", separatethousands: true,
  };
  const axisOf = (name, { span, ...given }) => {
    const nticks = mostTicks(element, name);
    return { ...axis, nticks, ...given, ...(span && logTicks(span, nticks)), title: titleOf(given) };
  };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 13, color: colour("ink") },
    margin: { l: 56, r: 16, t: 16, b: 48 },
    hovermode: "closest",
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" },
    xaxis: axisOf("xaxis", xaxis),
    yaxis: axisOf("yaxis", yaxis),
    ...rest,
  };
}

const titleOf = (axis) => ({
  text: axis.title ?? "", font: { size: 13, color: colour("soft") }, standoff: 8,
});
