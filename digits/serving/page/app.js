// The page: pictures come in on the left, readings come out on the right.

import { model, Problem, sample, score, useKey } from "./api.js";
import * as correcting from "./correct.js";
import { $, el } from "./dom.js";
import { fitting, listen } from "./intake.js";
import { Pad } from "./pad.js";
import { inWords, show, showTiles } from "./result.js";
import { steps } from "./steps.js";

const LIVE_MS = 250; // while somebody draws, a reading at most this often
const SETTLED_MS = 500; // then the steps and the 28x28 images are fetched
const ATTEMPTS = 3;

let running = new AbortController();
let drawn = null; // the timer of a drawing that is yet to be read
let last = null;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// "reading", "read", then "explained", or "failed"; "" while there is nothing to read.
const become = (state) => ($("reading").dataset.state = state);

// Whatever was given last is what is read: the turn is taken when somebody acts, not when the
// picture has come from wherever it comes.
function takeTurn() {
  clearTimeout(drawn);
  drawn = null;
  running.abort();
  running = new AbortController();
  return running.signal;
}

// Read the picture that `give(signal)` gives, forgetting about the one before.
async function read(give, { live = false } = {}) {
  const signal = takeTurn();
  last = give;
  become("reading");
  $("result").classList.add("stale");
  if (!live) $("status").textContent = "Reading…";
  try {
    const given = await give(signal);
    const picture = live ? given : await fitting(given);
    const reading = await patiently(() => score(picture, { signal }), signal);
    if (signal.aborted) return;
    present(reading, picture, live);
    if (live) await pause(SETTLED_MS);
    if (!signal.aborted) await explain(reading, picture, signal);
  } catch (error) {
    if (!signal.aborted) complain(error);
  }
}

// Busy endpoints say when to come back; nobody who draws wants to hear of it.
async function patiently(work, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || attempt === ATTEMPTS || error.code !== "overloaded") throw error;
      await pause(1000 * Math.min(error.after || 1, 5));
    }
  }
}

function present(reading, picture, live) {
  if (drawn === null) become("read");
  $("problem").replaceChildren();
  $("result").classList.remove("stale");
  $("stages").replaceChildren();
  $("status").textContent = inWords(reading);
  show(reading, picture, { corrected: correcting.change });
  correcting.about(reading, picture);
  if (!live && matchMedia("(max-width: 52rem)").matches) {
    $("reading").scrollIntoView({ block: "start" });
  }
}

async function explain(reading, picture, signal) {
  const { stages } = await patiently(() => score(picture, { explain: true, signal }), signal);
  if (signal.aborted) return;
  $("stages").replaceChildren(...steps(stages));
  const image = document.querySelector("#shown img");
  if (image.complete && !image.naturalWidth) image.src = stages.grey; // no browser shows TIFF
  if (reading.digits.length) await showTiles(stages.tiles);
  if (drawn === null && !signal.aborted) become("explained");
}

function complain(error) {
  const problem = error instanceof Problem ? error : new Problem(`Something broke on this page: ${error.message}`, {});
  if (drawn === null) become("failed");
  $("status").textContent = "";
  $("nothing").hidden = true;
  $("key").hidden = problem.code !== "unauthorized";
  const again = el("button", { type: "button", click: () => read(last) }, "Try again");
  $("problem").replaceChildren(el("p", {}, problem.message), ...(problem.retry ? [again] : []));
}

function forgetReading() {
  takeTurn();
  become("");
  $("result").hidden = true;
  $("problem").replaceChildren();
  $("status").textContent = "";
  $("nothing").hidden = false;
}

function setUpPad() {
  const changed = () => {
    $("pad-hint").hidden = !pad.empty;
    $("undo").disabled = $("clear").disabled = pad.empty;
    if (pad.empty) return forgetReading();
    become("reading");
    drawn ??= setTimeout(() => read(() => pad.picture(), { live: true }), LIVE_MS);
  };
  const pad = new Pad($("pad"), { changed, thickness: Number($("thickness").value) });
  $("thickness").addEventListener("input", () => (pad.thickness = Number($("thickness").value)));
  $("undo").addEventListener("click", () => pad.undo());
  $("clear").addEventListener("click", () => pad.clear());
  document.addEventListener("keydown", (event) => {
    const undo = (event.ctrlKey || event.metaKey) && event.key === "z";
    if (undo && !pad.empty && !/INPUT|TEXTAREA/.test(event.target.tagName)) pad.undo();
  });
}

function setUpTabs() {
  const tabs = [$("tab-draw"), $("tab-picture")];
  const choose = (chosen) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
      $(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      choose(tabs[1 - index]);
      tabs[1 - index].focus();
    });
  });
}

async function setUpSamples() {
  const { samples } = await (await fetch("/samples")).json();
  const list = document.querySelector("#samples ul");
  list.append(...samples.map(({ file, notes }) => el("li", {}, sampleButton(file, notes))));
  $("samples").hidden = samples.length === 0;
}

function sampleButton(file, notes) {
  const url = `/samples/${encodeURIComponent(file)}`;
  const image = el("img", { src: url, alt: `${file}: ${notes}`, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(file));
  const load = () => read((signal) => sample(file, { signal }));
  return el("button", { type: "button", title: notes, "data-sample": file, click: load }, image);
}

async function introduce() {
  try {
    const about = await model();
    $("model").textContent = `Model ${about.name} ${about.version}`;
    correcting.prepare({ kept: Boolean(about.feedback), days: about.feedback?.days });
    $("key").hidden = true;
    $("problem").replaceChildren();
  } catch (error) {
    complain(error);
  }
}

async function copyRows() {
  const text = $("rows").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages that came without TLS have no clipboard; what is selected can still be copied.
    getSelection().selectAllChildren($("rows"));
    document.execCommand("copy");
  }
  $("copy").textContent = "Copied";
  setTimeout(() => ($("copy").textContent = "Copy"), 1500);
}

setUpPad();
setUpTabs();
listen({ inputs: [$("file"), $("camera")], take: (blob) => read(() => blob) });
$("copy").addEventListener("click", copyRows);
$("key").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey($("key-field").value);
  introduce().then(() => last && read(last));
});
addEventListener("online", () => $("problem").childElementCount && last && read(last));
introduce();
setUpSamples().catch(() => {});
