// Shows /swagger.json and lets people try every operation. Text from outside is only ever put
// into the page as text.
"use strict";

const SHOWN = 20000;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function headers() {
  const key = document.getElementById("key").value;
  return key ? { authorization: `Bearer ${key}` } : {};
}

function address(path, fields) {
  const query = new URLSearchParams();
  for (const { parameter, input } of fields) {
    const value = input.value.trim();
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query" && value) query.set(parameter.name, value);
  }
  return query.size ? `${path}?${query}` : path;
}

async function call(output, method, url, type, body) {
  output.textContent = "…";
  const sent = { method, headers: { ...headers(), ...(type ? { "content-type": type } : {}) } };
  if (body !== undefined) sent.body = body;
  try {
    const answer = await fetch(url, sent);
    const text = await answer.text();
    output.textContent = `${method} ${url}\n${answer.status} ${answer.statusText}\n`
      + `x-request-id: ${answer.headers.get("x-request-id")}\n\n${pretty(text).slice(0, SHOWN)}`;
  } catch (error) {
    output.textContent = `no answer: ${error.message}`;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}

function parameterFields(parameters) {
  return parameters.filter((parameter) => parameter.in !== "header").map((parameter) => {
    const input = element("input", { value: parameter.schema.example ?? "" });
    return { parameter, input, label: element("label", { title: parameter.description ?? "" },
      `${parameter.name} `, input) };
  });
}

function bodyFields(content, send) {
  const made = [];
  if (content["application/octet-stream"]) {
    const file = element("input", { type: "file", accept: "image/*" });
    const button = element("button", { type: "button" }, "Send the picture");
    button.onclick = () => file.files[0] && send("application/octet-stream", file.files[0]);
    made.push(element("p", {}, file, " ", button));
  }
  const json = content["application/json"];
  const examples = Object.values(json?.examples ?? {});
  if (json) {
    const text = element("textarea", { rows: 8, spellcheck: false });
    const show = (value) => { text.value = JSON.stringify(value, null, 1); };
    const button = element("button", { type: "button" }, "Send the JSON");
    button.onclick = () => send("application/json", text.value);
    const choices = examples.map((example) => {
      const choice = element("button", { type: "button" }, example.summary);
      choice.onclick = () => show(example.value);
      return choice;
    });
    if (examples.length) show(examples[0].value);
    made.push(element("p", {}, ...choices), text, element("p", {}, button));
  }
  return made;
}

function operation(path, method, described, shared) {
  const output = element("pre");
  const fields = parameterFields([...shared, ...(described.parameters ?? [])]
    .filter((parameter) => parameter.schema));
  const send = (type, body) => call(output, method, address(path, fields), type, body);
  const tries = described.requestBody ? bodyFields(described.requestBody.content, send)
    : [element("button", { type: "button", onclick: () => send() }, "Try it")];
  return element("details", {},
    element("summary", {}, element("code", {}, `${method} ${path}`), ` ${described.summary}`),
    element("p", {}, described.description ?? ""),
    element("p", {}, ...fields.map((field) => field.label)),
    ...tries, output);
}

async function main() {
  const description = await (await fetch("/swagger.json")).json();
  document.getElementById("about").textContent = description.info.description;
  const list = document.getElementById("operations");
  for (const [path, { parameters = [], ...methods }] of Object.entries(description.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      list.append(operation(path, method.toUpperCase(), described, parameters));
    }
  }
}

main();
