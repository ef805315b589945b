// What the waveforms are drawn on and with: sharp on every screen, in the theme's colours.

const dark = matchMedia("(prefers-color-scheme: dark)");
const redraws = [];

/** Draw now, and whenever the canvas has another size or the page other colours. */
export function drawn(canvas, draw) {
  const again = () => draw(fitted(canvas));
  redraws.push(again);
  new ResizeObserver(again).observe(canvas);
  return again;
}

function fitted(canvas) {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height, colors: colorsOf(canvas) };
}

/** The style sheet says them through properties of the canvas that have no other use there. */
function colorsOf(canvas) {
  const style = getComputedStyle(canvas);
  return {
    wave: style.color,
    played: style.caretColor,
    place: style.outlineColor,
    doubt: style.borderTopColor,
    ground: style.backgroundColor,
  };
}

/** The loudest of what lies between two seconds, 0 to 1. */
export function loudest({ perSecond, peaks }, from, to) {
  const first = Math.max(0, Math.floor(from * perSecond));
  const last = Math.min(peaks.length, Math.max(first + 1, Math.ceil(to * perSecond)));
  let most = 0;
  for (let place = first; place < last; place += 1) most = Math.max(most, peaks[place]);
  return most / 255;
}

function redraw() {
  for (const again of redraws) again();
}

dark.addEventListener("change", redraw);
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
