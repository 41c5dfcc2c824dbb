// "Wrong? Say what it is."

import { correct, forget } from "./api.js";
import { $, el } from "./dom.js";

let current = null;

export function prepare({ kept, days }) {
  $("kept-for").textContent = days ? ` for ${days} days` : "";
  $("correct").hidden = !kept;
  $("keeps-none").hidden = kept;
  document.body.classList.toggle("keeps", kept);
}

$("correction").addEventListener("submit", send);

// A new reading, which nobody has corrected yet.
export function about(reading, picture) {
  current = { reading, picture, digits: reading.digits.map((digit) => String(digit.digit)) };
  $("correct").open = false;
  $("truth").value = reading.rows.join("\n");
  $("truth").rows = Math.max(2, reading.rows.length);
  $("truth-problem").textContent = "";
  $("corrected").replaceChildren();
  $("correction").hidden = false;
}

// One digit changed on its card; "" says that there is none.
export function change(index, digit) {
  current.digits[index] = digit;
  const rows = current.reading.rows.map((_, row) =>
    current.digits.filter((_, each) => current.reading.digits[each].row === row).join(""),
  );
  $("truth").value = rows.filter(Boolean).join("\n");
  $("correct").open = true;
}

async function send(event) {
  event.preventDefault();
  const rows = $("truth").value.split(/[\n/]/).map((row) => row.replace(/\s/g, "")).filter(Boolean);
  if (!rows.every((row) => /^[0-9]+$/.test(row))) {
    $("truth-problem").textContent = "Only the digits 0 to 9, please, a line for each row.";
    $("truth").focus();
    return;
  }
  const button = event.submitter;
  const { reading, picture } = current;
  button.disabled = true;
  $("truth-problem").textContent = "";
  try {
    await correct({
      id: reading.id,
      image: await asBase64(picture),
      digits: rows.join("/"),
      ...boxesOf(rows),
    });
    thank(reading.id);
  } catch (error) {
    $("truth-problem").textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

// Where each digit is: known if the rows are as long as those that were read, or if digits were
// only struck out.
function boxesOf(rows) {
  const left = current.reading.digits.filter((_, index) => current.digits[index] !== "");
  const counts = current.reading.rows
    .map((_, row) => left.filter((digit) => digit.row === row).length)
    .filter(Boolean);
  const same = counts.length === rows.length && rows.every((row, n) => row.length === counts[n]);
  return same ? { boxes: left.map((digit) => digit.box) } : {};
}

function thank(id) {
  $("correction").hidden = true;
  const undo = el("button", { type: "button", class: "link", click: () => takeBack(id) }, "Delete it again");
  $("corrected").replaceChildren("Thank you. The picture and your correction are kept. ", undo);
  undo.focus();
}

async function takeBack(id) {
  try {
    await forget(id);
    $("corrected").textContent = "Deleted: neither the picture nor the correction is kept.";
    $("correction").hidden = false;
  } catch (error) {
    $("corrected").append(` ${error.message}`);
  }
}

async function asBase64(blob) {
  const reader = new FileReader();
  await new Promise((resolve, reject) => {
    reader.onload = resolve;
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
  return reader.result;
}
