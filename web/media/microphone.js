// The microphone as samples: 16 bits, one channel, at a given rate, in pieces of about a tenth of a second.
import { close_stream } from './devices.js';

/** An audio context that hands the stream's samples to on_samples. */
async function wire(context, stream, on_samples, signal) {
  signal.throwIfAborted();
  await context.audioWorklet.addModule('/page/assets/media/samples_worklet.js');
  signal.throwIfAborted();
  const node = new AudioWorkletNode(context, 'samples', { numberOfOutputs: 0 });
  node.port.onmessage = ({ data }) => on_samples(data);
  context.createMediaStreamSource(stream).connect(node);
}

/**
 * Calls on_samples(Int16Array) until the signal aborts, which also ends it while the browser still asks the user; throws
 * what the browser says when there is no microphone.
 */
export async function listen(rate, on_samples, signal) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
  });
  let context = null;
  const close = () => {
    close_stream(stream);
    context?.close();
  };
  try {
    context = new AudioContext({ sampleRate: rate });
    await wire(context, stream, on_samples, signal);
  } catch (error) {
    close();
    throw error;
  }
  signal.addEventListener('abort', close);
}
