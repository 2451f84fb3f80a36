// Tells the values under the pointer. Without it the page lacks nothing else.
"use strict";
const charts = JSON.parse(document.getElementById("charts").textContent);
const tip = document.getElementById("tip");

function nearest(xs, x) {
  let low = 0, high = xs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle; else high = middle;
  }
  return x - xs[low] <= xs[high] - x ? low : high;
}

function row(line, value) {
  const row = document.createElement("div"), mark = document.createElement("i"), number = document.createElement("b");
  mark.className = line.color;
  number.textContent = Number(value.toPrecision(4)).toString().replace("-", "−");
  row.append(mark, line.name, number);
  return row;
}

function follow(svg, chart) {
  const cross = document.createElementNS("http://www.w3.org/2000/svg", "line");
  cross.setAttribute("class", "cross");
  cross.setAttribute("y1", chart.top);
  cross.setAttribute("y2", chart.bottom);
  const lines = chart.lines.filter((line) => line.x.length);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const at = ((event.clientX - box.left) / scale - chart.left) / (chart.right - chart.left) * chart.steps;
    if (!lines.length || at < -0.02 * chart.steps || at > 1.02 * chart.steps) return leave();
    const found = lines.map((line) => nearest(line.x, at));
    const step = lines.map((line, i) => line.x[found[i]]).reduce((a, b) => Math.abs(a - at) <= Math.abs(b - at) ? a : b);
    const x = chart.left + (chart.right - chart.left) * step / chart.steps;
    cross.setAttribute("x1", x);
    cross.setAttribute("x2", x);
    svg.append(cross);
    const head = document.createElement("p");
    head.textContent = "step " + step + (chart.epoch ? ", epoch " + (step / chart.epoch).toFixed(2) : "");
    tip.replaceChildren(head, ...lines.map((line, i) => row(line, line.y[found[i]])));
    tip.hidden = false;
    const left = event.clientX + 16 + tip.offsetWidth > innerWidth ? event.clientX - 14 - tip.offsetWidth : event.clientX + 14;
    tip.style.left = left + "px";
    tip.style.top = Math.max(4, event.clientY - 14 - tip.offsetHeight) + "px";
  });
  const leave = () => { cross.remove(); tip.hidden = true; };
  svg.addEventListener("pointerleave", leave);
}

for (const svg of document.querySelectorAll("svg[data-chart]")) follow(svg, charts[Number(svg.dataset.chart)]);

// a drawing fits the page; a click shows it as large as it was drawn
for (const drawing of document.querySelectorAll(".drawing"))
  drawing.addEventListener("click", () => drawing.classList.toggle("large"));
