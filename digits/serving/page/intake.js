// Pictures that are chosen, dropped, pasted or photographed, scaled down if they are too large.

import { limits, Problem } from "./api.js";

const SCALED_PIXELS = 8e6; // what remains of a picture that is too large: the reader needs no more
const QUALITY = 0.85;

// Calls `take(blob)` with each picture that comes in.
export function listen({ inputs, take }) {
  for (const input of inputs) {
    input.addEventListener("change", () => {
      if (input.files.length) take(input.files[0]);
      input.value = "";
    });
  }
  listenToDrops(take);
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (file) {
      event.preventDefault();
      take(file);
    }
  });
}

function listenToDrops(take) {
  const mark = (on) => document.body.classList.toggle("dragging", on);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false);
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    const file = event.dataTransfer.files[0];
    if (file) take(file);
  });
}

// The picture itself if the endpoint takes it as it is, else a smaller JPEG of it.
export async function fitting(blob) {
  if (blob.size === 0) {
    throw new Problem("This file is empty.", { code: "empty" });
  }
  const size = await measured(blob);
  const pixels = size.width * size.height;
  if (blob.size <= limits.max_bytes && pixels <= limits.max_pixels) return blob;
  if (!pixels) return blob; // the browser cannot open it: the endpoint says what it thinks of it
  return smaller(blob, size);
}

async function smaller(blob, { width, height }) {
  let goal = Math.min(SCALED_PIXELS, limits.max_pixels, width * height);
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const scale = Math.sqrt(goal / (width * height));
    const scaled = await scaledTo(blob, Math.floor(width * scale), Math.floor(height * scale));
    if (scaled && scaled.size <= limits.max_bytes) return scaled;
    goal /= 2.5;
  }
  throw new Problem("This picture is too large, and stays so when scaled down.", {
    code: "too_large",
  });
}

async function scaledTo(blob, width, height) {
  const bitmap = await createImageBitmap(blob, {
    resizeWidth: width,
    resizeHeight: height,
    resizeQuality: "high",
  });
  const sheet = document.createElement("canvas");
  sheet.width = width;
  sheet.height = height;
  const context = sheet.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return new Promise((resolve) => sheet.toBlob(resolve, "image/jpeg", QUALITY));
}

async function measured(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  try {
    await image.decode();
    return { width: image.naturalWidth, height: image.naturalHeight };
  } catch {
    return { width: 0, height: 0 };
  } finally {
    URL.revokeObjectURL(image.src);
  }
}
