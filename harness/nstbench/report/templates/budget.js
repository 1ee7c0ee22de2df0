"use strict";
// A budget of seconds to the picture: the best configuration within it, with its pictures marked.

let bought = new Set();

function startBudget() {
  if (!data.choices.length) {
    byId("budget-box").remove();
    return;
  }
  const known = data.choices.some(({ configurations }) => configurations.some((one) => one.floored !== null));
  byId("floor-box").hidden = !known;
  byId("budget-of").append(...options(data.choices.map((choice, place) => [String(place), choice.title])));
  for (const id of ["budget", "budget-of", "budget-pictures", "floor"]) {
    byId(id).addEventListener("input", () => {
      bought = new Set(spend()?.trials);
      markTiles();
      document.dispatchEvent(new CustomEvent("budget"));
    });
  }
  spend();
}

/** Say what the budget buys, and return it: the best of all that cost no more, and the next better one. */
function spend() {
  const { configurations, quality } = data.choices[byId("budget-of").value];
  const pictures = Number(byId("budget-pictures").value);
  const costs = (one) => one.once_s / pictures + one.each_s;
  const floor = byId("floor").value / 100;
  const offered = configurations.filter((one) => !floor || (one.floored !== null && one.floored >= floor));
  const all = configurations.map(costs);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const share = byId("budget").value / 100;
  const budget = share < 1 ? least * (most / least) ** share : most;
  const better = (one, other) => one.loss - other.loss || costs(one) - costs(other);
  const [best] = offered.filter((one) => costs(one) <= budget).sort(better);
  const wanted = offered.filter((one) => !best || one.loss < best.loss);
  const [next] = wanted.sort((a, b) => costs(a) - costs(b));
  const figures = (one) => `${seconds(costs(one))}, ${quality} ${number(one.quality, 3)}`;
  const floors = floor ? `, ${data.floor} at least ${number(floor)}` : "";
  const found = best ? `${best.name} (${figures(best)})` : "nothing";
  const none = best ? "None is better." : "No configuration has that.";
  const dearer = next ? `The next ${best ? "better " : ""}one: ${next.name} (${figures(next)}).` : none;
  byId("budget").setAttribute("aria-valuetext", seconds(budget));
  byId("floor").setAttribute("aria-valuetext", floors.slice(2) || "no floor");
  byId("budget-says").textContent = `Within ${seconds(budget)}${floors}: ${found}. ${dearer}`;
  return best;
}
