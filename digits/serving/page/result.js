// A reading on the page: rows as text, boxes over the picture, a card for each digit.

import { $, el, svg } from "./dom.js";

const TILE = 28;
const TILE_STEP = 30; // the sheet of tiles has a line around each
const TILES_ACROSS = 20;
const MANY = 16;

// `corrected(index, digit)` is called when a digit is changed on its card.
export function show(reading, picture, { corrected }) {
  $("nothing").hidden = true;
  $("result").hidden = false;
  showRows(reading);
  showPicture(reading, picture);
  $("timings").textContent = timings(reading);
  $("cards").replaceChildren(
    ...reading.digits.map((digit, index) => card(digit, index, corrected)),
  );
  $("digits").hidden = reading.digits.length === 0;
  $("digits").open = reading.digits.length <= MANY;
}

// The 28x28 images, from the sheet that the endpoint explains itself with.
export async function showTiles(sheetUrl) {
  const canvases = document.querySelectorAll("#cards canvas"); // those of now: others may come
  const sheet = new Image();
  sheet.src = sheetUrl;
  await sheet.decode();
  canvases.forEach((canvas, index) => {
    const row = Math.floor(index / TILES_ACROSS);
    const column = index % TILES_ACROSS;
    const place = [column * TILE_STEP + 1, row * TILE_STEP + 1, TILE, TILE];
    canvas.getContext("2d").drawImage(sheet, ...place, 0, 0, TILE, TILE);
    canvas.classList.add("filled");
  });
}

export function inWords(reading) {
  const count = reading.digits.length;
  if (!count) return "No digits found.";
  const doubtful = reading.digits.filter((digit) => digit.uncertain).length;
  const digits = count === 1 ? "one digit" : `${count} digits`;
  const rows = reading.rows.length > 1 ? ` in ${reading.rows.length} rows` : "";
  const doubt = doubtful ? `, ${doubtful} of them uncertain (marked ?)` : "";
  return `Read ${digits}${rows}: ${reading.rows.join(", ")}${doubt}.`;
}

function showRows(reading) {
  const rows = $("rows");
  rows.classList.toggle("none", reading.digits.length === 0);
  $("copy").hidden = reading.digits.length === 0;
  if (!reading.digits.length) {
    rows.textContent = "No digits found in this picture.";
    return;
  }
  rows.replaceChildren(
    ...reading.rows.flatMap((_, row) => {
      const digits = reading.digits.filter((digit) => digit.row === row).map(written);
      return row ? ["\n", ...digits] : digits;
    }),
  );
}

function written(digit) {
  if (!digit.uncertain) return String(digit.digit);
  return el("span", { class: "doubt", title: "uncertain" }, String(digit.digit));
}

function showPicture(reading, picture) {
  const { width, height } = reading.image;
  const rows = reading.rows.join(", ");
  const image = el("img", { alt: rows ? `Your picture; it reads ${rows}` : "Your picture", width, height });
  image.src = URL.createObjectURL(picture);
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  const marks = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  reading.digits.forEach((digit, index) => marks.append(...mark(digit, index, width, height)));
  $("shown").replaceChildren(image, marks);
}

function mark(digit, index, width, height) {
  const [x, y, w, h] = digit.box;
  const doubt = digit.uncertain ? " doubt" : "";
  const size = Math.max(Math.min(h * 0.4, height / 9), Math.max(width, height) / 28);
  const above = y - size * 0.2;
  const place = above - size * 0.8 > 0 ? above : Math.min(height - size * 0.2, y + h + size);
  return [
    svg("rect", { class: `box${doubt}`, x, y, width: w, height: h, rx: size / 8, "data-index": index }),
    svg(
      "text",
      { class: `found${doubt}`, x, y: place, "font-size": size, "stroke-width": size / 5 },
      `${digit.digit}${digit.uncertain ? "?" : ""}`,
    ),
  ];
}

function card(digit, index, corrected) {
  const doubt = digit.uncertain ? [el("span", { class: "mark" }, "? uncertain")] : [];
  const tile = el("canvas", {
    class: "tile",
    width: TILE,
    height: TILE,
    role: "img",
    "aria-label": "The 28 by 28 image that the network saw",
  });
  const light = (on) => () => lit(index, on);
  return el(
    "li",
    {
      class: `card${digit.uncertain ? " doubt" : ""}`,
      pointerenter: light(true),
      pointerleave: light(false),
      focusin: light(true),
      focusout: light(false),
    },
    el(
      "header",
      {},
      el("span", { class: "digit" }, String(digit.digit)),
      el("span", { class: "sure" }, ...doubt, `${percent(digit.confidence)} sure`),
      tile,
    ),
    bars(digit),
    el("label", {}, "Correct to", chooser(digit, (value) => corrected(index, value))),
  );
}

function chooser(digit, changed) {
  const options = [...Array(10).keys()].map((value) =>
    el("option", { value, selected: value === digit.digit }, String(value)),
  );
  const none = el("option", { value: "" }, "no digit");
  return el("select", { change: (event) => changed(event.target.value) }, ...options, none);
}

function bars(digit) {
  const chart = svg("svg", {
    class: "bars",
    viewBox: "0 0 140 100",
    role: "img",
    "aria-label": described(digit.probabilities),
  });
  digit.probabilities.forEach((probability, value) => {
    const best = value === digit.digit ? " best" : "";
    const y = value * 10;
    chart.append(
      svg("text", { class: best, x: 0, y: y + 8 }, String(value)),
      svg("rect", { class: "track", x: 10, y: y + 1.5, width: 90, height: 7, rx: 1 }),
      svg("rect", { class: `bar${best}`, x: 10, y: y + 1.5, width: 90 * probability, height: 7, rx: 1 }),
      svg("text", { class: best, x: 140, y: y + 8, "text-anchor": "end" }, percent(probability)),
    );
  });
  return chart;
}

function described(probabilities) {
  const sorted = probabilities.map((probability, value) => ({ probability, value }));
  sorted.sort((a, b) => b.probability - a.probability);
  const told = sorted.filter(({ probability }, rank) => rank === 0 || probability >= 0.001);
  return `Probabilities: ${told.map((each) => `${each.value} ${percent(each.probability)}`).join(", ")}`;
}

function percent(probability) {
  const value = 100 * probability;
  if (value >= 99.95 && value < 100) return ">99.9\u00a0%";
  return `${value < 10 ? value.toFixed(1) : Math.round(value * 10) / 10}\u00a0%`;
}

function lit(index, on) {
  document.querySelector(`.box[data-index="${index}"]`)?.classList.toggle("lit", on);
}

function timings({ ms, model }) {
  const each = `decode ${ms.decode.toFixed(1)}, find ${ms.find.toFixed(1)}, classify ${ms.classify.toFixed(1)}`;
  return `Read in ${ms.total.toFixed(1)} ms (${each}) by ${model.name} ${model.version}.`;
}
