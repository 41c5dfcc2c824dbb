// What happened to the picture, step by step.

import { el } from "./dom.js";

const TOLD = {
  grey: ["Grey", "upright, without its colours"],
  background_removed: ["Background removed", "shadows, glare and the paper's tone are gone"],
  ink: ["Ink", "what is dark enough to be writing; printed rules are taken out"],
  candidates: ["Candidates", "pieces, joined and cut in all ways that may be a digit"],
  boxes: ["Boxes", "those that together make the best reading"],
  tiles: ["28 by 28", "what the network saw of each, normalised as MNIST is"],
};

export function steps(stages) {
  return Object.entries(stages).map(([name, url], index) => {
    const [title, meaning] = TOLD[name] ?? [name.replaceAll("_", " "), ""];
    const image = el("img", { class: name === "tiles" ? "pixels" : "", alt: `${title}: ${meaning}` });
    image.src = url;
    const caption = el("figcaption", {}, el("b", {}, `${index + 1}. ${title}`), ` ${meaning}`);
    return el("figure", {}, image, caption);
  });
}
