// How loud the microphone is, from 0 to 1, many times a second.

const QUIETEST_DB = 60;
// It falls slowly, so that it can be read.
const FALL = 0.015;

/** Calls `heard(level)` until the function it returns is called. */
export function listen(stream, heard) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let level = 0;
  let frame = requestAnimationFrame(function look() {
    analyser.getFloatTimeDomainData(samples);
    level = Math.max(levelOf(samples), level - FALL);
    heard(level);
    frame = requestAnimationFrame(look);
  });
  return () => {
    cancelAnimationFrame(frame);
    context.close();
  };
}

function levelOf(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const decibels = 10 * Math.log10(power + 1e-12);
  return Math.min(1, Math.max(0, 1 + decibels / QUIETEST_DB));
}
