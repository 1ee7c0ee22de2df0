"use strict";
// A budget of seconds to the picture: the best configuration within it, with its pictures marked.

let bought = new Set();

function startBudget() {
  if (!data.choices.length) {
    byId("budget-box").remove();
    return;
  }
  byId("budget-of").append(...options(data.choices.map((choice, place) => [String(place), choice.title])));
  for (const id of ["budget", "budget-of", "budget-pictures"]) {
    byId(id).addEventListener("input", () => {
      bought = new Set(spend().trials);
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
  const all = configurations.map(costs);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const share = byId("budget").value / 100;
  const budget = share < 1 ? least * (most / least) ** share : most;
  const better = (one, other) => one.loss - other.loss || costs(one) - costs(other);
  const [best] = configurations.filter((one) => costs(one) <= budget).sort(better);
  const [next] = configurations.filter((one) => one.loss < best.loss).sort((a, b) => costs(a) - costs(b));
  const figures = (one) => `${seconds(costs(one))}, ${quality} ${number(one.quality, 3)}`;
  const dearer = next ? `The next better one: ${next.name} (${figures(next)}).` : "None is better.";
  byId("budget").setAttribute("aria-valuetext", seconds(budget));
  byId("budget-says").textContent = `Within ${seconds(budget)}: ${best.name} (${figures(best)}). ${dearer}`;
  return best;
}
