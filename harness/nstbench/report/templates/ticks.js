"use strict";
// Ticks: few enough to be read, at round values, in plain numbers.

const MOST_TICKS = 7;
const STEPS = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];

/** A logarithmic axis over these values; those that are not positive have no place on it. */
function logAxis(title, values) {
  const known = values.filter((value) => value > 0);
  const extreme = (choose) => known.reduce((one, other) => choose(one, other)); // too many to be arguments
  return { title, type: "log", span: known.length ? [extreme(Math.min), extreme(Math.max)] : [1, 10] };
}

/** Ticks of a logarithmic axis: the densest round values of which at most `most` are in sight, and apart. */
function logTicks([low, high], most = MOST_TICKS) {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const inSight = (value) => value >= low / 1.05 && value <= high * 1.05;
  const valuesAt = (steps, every) => {
    const decades = [];
    for (let at = Math.floor(first / every) * every; at <= last; at += every) decades.push(at);
    return decades.flatMap((decade) => steps.map((step) => Number(`${step}e${decade}`))).filter(inSight);
  };
  const choices = [
    linearTicks(low, high, most), ...STEPS.map((steps) => valuesAt(steps, 1)),
    ...[2, 3, 4, 5, 10, 20, 50].map((every) => valuesAt([1], every)),
  ];
  const close = high / low < 3;
  const few = choices.slice(close ? 0 : 1).filter((ticks) => ticks.length > 1 && ticks.length <= most);
  const least = (0.8 / most) * Math.log(high / low);
  const apart = (ticks) => ticks.every((value, at) => !at || Math.log(value / ticks[at - 1]) > least);
  const found = few.find(apart) ?? few[0] ?? [low, high];
  return { tickvals: found, ticktext: found.map(tickText) };
}

function linearTicks(low, high, most) {
  const rough = (high - low || low) / (most - 2);
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * unit).find((each) => each >= rough * (1 - 1e-9));
  const ticks = [];
  for (let at = Math.ceil(low / step - 0.05); at * step <= high * 1.001; at += 1) {
    ticks.push(Number((at * step).toPrecision(12)));
  }
  return ticks.filter((value) => value > 0);
}

/** A plain number where that is short; else millions and more in words, and small ones with their power. */
function tickText(value) {
  const size = Math.abs(value);
  if (size >= 1e6 && size < 1e15) {
    return value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 });
  }
  if (size === 0 || (size >= 1e-4 && size < 1e6)) {
    return Number(value.toPrecision(6)).toLocaleString("en", { maximumFractionDigits: 9 });
  }
  const power = Math.floor(Math.log10(size) + 1e-9);
  const times = Number((value / 10 ** power).toPrecision(3));
  const raised = `10<sup>${String(power).replace("-", "−")}</sup>`;
  return times === 1 ? raised : `${times}×${raised}`;
}

const MOST_LETTERS = 18;

/** The value of an axis in a chart: a number as ticks have it, a name cut to what has room. */
function valueText(text) {
  if (/^-?[\d.]+e[+-]\d+$/.test(text)) return tickText(Number(text));
  return plainText(text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text);
}

/** An axis of values by name, in their order: not all have room for it, and long ones are cut. */
function namedAxis(values, most) {
  const every = Math.ceil(values.length / most);
  const shown = values.filter((_, place) => place % every === 0);
  return {
    type: "category", categoryorder: "array", categoryarray: values.map(plainText),
    range: [-0.5, values.length - 0.5],
    tickvals: shown.map(plainText), ticktext: shown.map(valueText),
  };
}

/** When the reader zooms in, the ticks of logarithmic axes follow. */
function followZoom(element) {
  element.on("plotly_relayout", (change) => {
    const moved = ["xaxis", "yaxis"].filter(
      (name) => element.layout[name].type === "log"
        && Object.keys(change).some((key) => key.startsWith(`${name}.range`) || key === `${name}.autorange`)
    );
    if (!moved.length) return;
    const ticks = moved.flatMap((name) => {
      const span = element.layout[name].range.map((power) => 10 ** power);
      return Object.entries(logTicks(span, mostTicks(element, name)))
        .map(([key, value]) => [`${name}.${key}`, value]);
    });
    plotly().relayout(element, Object.fromEntries(ticks));
  });
}

/** A label of numbers across takes up to 60 pixels. */
function mostTicks(element, name) {
  const room = name === "xaxis" ? Math.floor(element.clientWidth / 75) : MOST_TICKS;
  return Math.max(3, Math.min(MOST_TICKS, room));
}
