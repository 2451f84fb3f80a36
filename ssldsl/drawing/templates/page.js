"use strict";
const facts = JSON.parse(document.getElementById("facts").textContent);
const drawings = [...document.querySelectorAll("#canvas svg")];
const about = document.getElementById("about");
const hint = about.innerHTML;
let pinned = null;

// --- what belongs together: from a lane along its origins, both ways
const lanes = facts.lanes;
const onward = {};
for (const [id, lane] of Object.entries(lanes)) for (const origin of lane.origins) (onward[origin] ||= []).push(id);

function follow(start, next) {
  const found = new Set(start), stack = [...start];
  while (stack.length) for (const id of next(stack.pop())) if (!found.has(id)) { found.add(id); stack.push(id); }
  return found;
}

function family(id) {
  const touching = Object.keys(lanes).filter((k) => lanes[k].source === id || lanes[k].target === id);
  const start = lanes[id] ? [id] : touching;
  const back = lanes[id] ? start : start.filter((k) => lanes[k].target === id);
  const ahead = lanes[id] ? start : start.filter((k) => lanes[k].source === id);
  const all = new Set(start);
  for (const k of follow(back, (k) => lanes[k]?.origins || [])) all.add(k);
  for (const k of follow(ahead, (k) => onward[k] || [])) all.add(k);
  const boxes = new Set([id]);
  for (const k of all) if (lanes[k]) { boxes.add(lanes[k].source); boxes.add(lanes[k].target); }
  return { lanes: all, boxes };
}

// --- showing one thing
function text(tag, words) {
  const element = document.createElement(tag);
  element.textContent = words;
  return element;
}

function describe(item) {
  about.replaceChildren(text("h3", item.title));
  const list = document.createElement("dl");
  for (const [name, value] of item.facts) list.append(text("dt", name), text("dd", value));
  about.append(list);
}

function light(lines) {
  document.querySelectorAll("li.lit").forEach((line) => line.classList.remove("lit"));
  let first = null;
  for (const [source, from, to] of lines)
    for (let n = from; n <= to; n++) {
      const line = document.querySelector(`ol[data-source="${source}"] li[data-line="${n}"]`);
      if (line) { line.classList.add("lit"); first ||= line; }
    }
  first?.scrollIntoView({ block: "nearest" });
}

function show(ids) {
  const items = ids.map((id) => [id, facts.items[id]]).filter(([, item]) => item);
  if (!items.length) return;
  const boxes = new Set(), shown = new Set();
  for (const [id] of items) { const found = family(id); found.boxes.forEach((b) => boxes.add(b)); found.lanes.forEach((k) => shown.add(k)); }
  for (const drawing of drawings) {
    drawing.classList.add("focused");
    for (const element of drawing.querySelectorAll("[data-id]")) {
      const id = element.dataset.id;
      element.classList.toggle("lit", shown.has(id) || ids.includes(id));
      element.classList.toggle("near", boxes.has(id));
    }
  }
  describe(items[0][1]);
  light(items.flatMap(([, item]) => item.lines));
}

function clear() {
  if (pinned) return show(pinned);
  drawings.forEach((drawing) => drawing.classList.remove("focused"));
  about.innerHTML = hint;
  light([]);
}

function pin(ids) {
  document.querySelectorAll(".pinned").forEach((element) => element.classList.remove("pinned"));
  pinned = ids && pinned && ids[0] === pinned[0] ? null : ids;
  if (pinned) for (const id of pinned) document.querySelectorAll(`[data-id="${CSS.escape(id)}"]`).forEach((e) => e.classList.add("pinned"));
  clear();
}

for (const element of document.querySelectorAll(".box[data-id], .lane[data-id], g.pill[data-id]")) {
  const id = element.dataset.id;
  element.querySelector("title")?.remove(); // the panel says it better
  const line = element.querySelector("path.line");
  if (line && element.classList.contains("lane")) {
    const reach = line.cloneNode();
    reach.removeAttribute("stroke-dasharray");
    reach.setAttribute("class", "reach");
    element.append(reach);
  }
  element.addEventListener("pointerenter", () => show([id]));
  element.addEventListener("pointerleave", clear);
  element.addEventListener("click", (event) => { event.stopPropagation(); if (!moved) pin([id]); });
}

// --- from a line of the text to what it made
for (const list of document.querySelectorAll("ol.text"))
  for (const line of list.children) {
    const at = [Number(list.dataset.source), Number(line.dataset.line)];
    const ids = Object.keys(facts.items).filter((id) =>
      !lanes[id] && facts.items[id].lines.some(([s, from, to]) => s === at[0] && from <= at[1] && at[1] <= to));
    if (!ids.length) continue;
    line.classList.add("linked");
    line.addEventListener("pointerenter", () => show(ids));
    line.addEventListener("pointerleave", clear);
    line.addEventListener("click", () => pin(ids));
  }

// --- moving and zooming; two drawings move together
const home = drawings.map((drawing) => drawing.getAttribute("viewBox").split(" ").map(Number));
let moved = false;
drawings.forEach((drawing) => { drawing.removeAttribute("width"); drawing.removeAttribute("height"); });

function look(change) {
  for (const drawing of drawings) {
    const view = drawing.viewBox.baseVal;
    [view.x, view.y, view.width, view.height] = change([view.x, view.y, view.width, view.height]);
  }
}

function zoom(factor, px, py) {
  look(([x, y, w, h]) => {
    const cx = px ?? x + w / 2, cy = py ?? y + h / 2;
    return [cx - (cx - x) * factor, cy - (cy - y) * factor, w * factor, h * factor];
  });
}

function fit() {
  let i = 0;
  look(() => home[i++]);
}

// what would be too small to read as a whole begins with its upper part
function begin() {
  let i = 0;
  look(() => {
    const drawing = drawings[i], [x, y, w, h] = home[i++], { clientWidth, clientHeight } = drawing;
    const whole = Math.min(clientWidth / w, clientHeight / h);
    return whole < 0.6 ? [x, y, w, Math.min(h, (clientHeight * w) / clientWidth)] : [x, y, w, h];
  });
}

for (const drawing of drawings) {
  const scale = () => 1 / drawing.getScreenCTM().a;
  drawing.addEventListener("wheel", (event) => {
    event.preventDefault();
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
    zoom(Math.exp(event.deltaY * 0.0015), point.x, point.y);
  }, { passive: false });
  let from = null;
  drawing.addEventListener("pointerdown", (event) => { from = [event.clientX, event.clientY]; moved = false; });
  drawing.addEventListener("pointermove", (event) => {
    if (!from || !(event.buttons & 1)) { from = null; return; }
    const [dx, dy] = [event.clientX - from[0], event.clientY - from[1]];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) { moved = true; drawing.setPointerCapture(event.pointerId); drawing.classList.add("moving"); }
    const s = scale();
    look(([x, y, w, h]) => [x - dx * s, y - dy * s, w, h]);
    from = [event.clientX, event.clientY];
  });
  drawing.addEventListener("pointerup", () => { from = null; drawing.classList.remove("moving"); });
  drawing.addEventListener("click", () => { if (!moved && pinned) pin(null); });
}

begin();
document.getElementById("closer").onclick = () => zoom(0.8);
document.getElementById("farther").onclick = () => zoom(1.25);
document.getElementById("fit").onclick = fit;
document.getElementById("toggle").onclick = () => document.body.classList.toggle("closed");
addEventListener("keydown", (event) => {
  if (event.key === "Escape") pin(null);
  if (event.key === "0") fit();
  if (event.key === "t") document.body.classList.toggle("closed");
});
