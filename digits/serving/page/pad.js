// A sheet to write on with mouse, finger or pen.

const LIGHT_PIXELS = 320 * 320; // a drawing up to this size is read at once, without a queue

// `changed(done)` is called while and after something is drawn, undone or cleared.
export class Pad {
  #canvas;
  #changed;
  #size = { width: 1, height: 1 }; // as it was last seen: behind another tab it has none
  #strokes = [];
  #current = null;

  constructor(canvas, { changed, thickness }) {
    this.#canvas = canvas;
    this.#changed = changed;
    this.thickness = thickness;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#extend(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.#end(event));
    }
    new ResizeObserver(() => this.#fit()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
  }

  get empty() {
    return this.#strokes.length === 0;
  }

  undo() {
    this.#strokes.pop();
    this.#paint();
    this.#changed(true);
  }

  clear() {
    this.#strokes = [];
    this.#paint();
    this.#changed(true);
  }

  // The drawing as a PNG, black on white whatever the page looks like.
  async picture() {
    const { width, height } = this.#size;
    const scale = Math.min(1, Math.sqrt(LIGHT_PIXELS / (width * height)));
    const sheet = document.createElement("canvas");
    sheet.width = Math.floor(width * scale);
    sheet.height = Math.floor(height * scale);
    const context = sheet.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.scale(scale, scale);
    this.#strokes.forEach((stroke) => draw(context, stroke, "#000"));
    return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
  }

  #begin(event) {
    if (event.button !== 0 || this.#current) return;
    event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#current = { id: event.pointerId, points: [this.#point(event)] };
    this.#strokes.push(this.#current);
    this.#paint();
    this.#changed(false);
  }

  #extend(event) {
    if (event.pointerId !== this.#current?.id) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) {
      this.#current.points.push(this.#point(each));
    }
    this.#paint();
    this.#changed(false);
  }

  #end(event) {
    if (event.pointerId !== this.#current?.id) return;
    this.#current = null;
    this.#changed(true);
  }

  #point(event) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    const pressed = event.pointerType === "pen" && event.pressure > 0;
    const width = this.thickness * (pressed ? 0.35 + 1.3 * event.pressure : 1);
    return { x: event.clientX - left, y: event.clientY - top, width };
  }

  #fit() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    if (!width) return;
    this.#size = { width, height };
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    this.#paint();
  }

  #paint() {
    const context = this.#canvas.getContext("2d");
    const ratio = devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const colour = getComputedStyle(this.#canvas).color;
    this.#strokes.forEach((stroke) => draw(context, stroke, colour));
  }
}

// A stroke as curves through the middles of its points: no corners where the hand had none.
function draw(context, { points }, colour) {
  context.strokeStyle = context.fillStyle = colour;
  context.lineCap = context.lineJoin = "round";
  const first = points[0];
  context.beginPath();
  context.arc(first.x, first.y, first.width / 2, 0, 2 * Math.PI);
  context.fill();
  let from = first;
  let width = first.width;
  for (let index = 1; index < points.length; index += 1) {
    const before = points[index - 1];
    const here = points[index];
    const to = index === points.length - 1 ? here : middle(before, here);
    width += (here.width - width) * 0.4; // pressure comes in jumps, ink does not
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.quadraticCurveTo(before.x, before.y, to.x, to.y);
    context.lineWidth = width;
    context.stroke();
    from = to;
  }
}

function middle(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
