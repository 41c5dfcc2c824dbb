// Talking to the endpoint: every request ends, and whatever goes wrong is said in words.

const KEY = "digits-key";
const PATIENCE_MS = 5000;

export const limits = { max_bytes: 10485760, max_pixels: 50000000, timeout_s: 10 };

// `retry`: the same request may work later. `code`: the endpoint's, or "offline", "silent".
export class Problem extends Error {
  constructor(message, { code, retry = false, after = 0 }) {
    super(message);
    Object.assign(this, { code, retry, after });
  }
}

export function useKey(key) {
  sessionStorage.setItem(KEY, key);
}

// What the endpoint says of its model; its limits are kept for later.
export async function model() {
  const about = await ask("/model", {});
  Object.assign(limits, about.limits);
  return about;
}

export function score(picture, { explain = false, signal } = {}) {
  return ask(`/score${explain ? "?explain=1" : ""}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: picture,
    signal,
  });
}

// One of the sample pictures.
export function sample(file, { signal } = {}) {
  return ask(`/samples/${encodeURIComponent(file)}`, { signal, take: (response) => response.blob() });
}

export function correct(correction) {
  return ask("/feedback", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(correction),
  });
}

export function forget(id) {
  return ask(`/feedback/${encodeURIComponent(id)}`, { method: "DELETE" });
}

async function ask(path, { headers = {}, signal, take, ...rest }) {
  signal?.throwIfAborted();
  const timer = new AbortController();
  const stop = () => timer.abort(signal.reason);
  signal?.addEventListener("abort", stop);
  const late = setTimeout(() => timer.abort("late"), limits.timeout_s * 1000 + PATIENCE_MS);
  const key = sessionStorage.getItem(KEY);
  const authorized = key ? { ...headers, authorization: `Bearer ${key}` } : headers;
  try {
    const response = await fetch(path, { ...rest, headers: authorized, signal: timer.signal });
    return await understood(response, take);
  } catch (error) {
    if (signal?.aborted || error instanceof Problem) throw error;
    throw unreachable(timer.signal.reason === "late");
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", stop);
  }
}

async function understood(response, take) {
  if (response.status === 204) return null;
  if (response.ok && take) return take(response);
  const text = await response.text();
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (response.ok && value !== undefined) return value;
  throw refused(response, value?.error);
}

function refused(response, error) {
  const code = error?.code ?? `status_${response.status}`;
  const after = Number(response.headers.get("retry-after")) || 0;
  const retry = response.status >= 500;
  return new Problem(inWords(code, error?.message, response.status), { code, retry, after });
}

function inWords(code, message, status) {
  const words = {
    overloaded: "The endpoint has too much to do just now.",
    not_ready: "The endpoint is starting or stopping and reads nothing at the moment.",
    timeout: "The endpoint did not get to this picture in time.",
    internal: "The endpoint made a mistake. It is not your picture's fault.",
    unauthorized: "This endpoint asks for a key.",
    unsupported_media_type: "This file is no picture that can be read here.",
    unreadable_image: "This picture is damaged or incomplete.",
    too_large: "This picture is too large.",
  };
  if (!words[code]) return message ?? `The endpoint answered with status ${status}.`;
  const detail = ["unsupported_media_type", "unreadable_image", "too_large"].includes(code);
  return detail && message ? `${words[code]} (${message})` : words[code];
}

function unreachable(late) {
  if (late) {
    return new Problem("The endpoint does not answer.", { code: "silent", retry: true });
  }
  const why = navigator.onLine ? "Is it still running?" : "This device is offline.";
  return new Problem(`The endpoint cannot be reached. ${why}`, { code: "offline", retry: true });
}
