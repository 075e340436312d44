// The microphone as samples: 16 bits, one channel, at a given rate, in pieces of about a tenth of a second.

/** Calls on_samples(Int16Array) until close(); throws what the browser says when there is no microphone. */
export async function listen(rate, on_samples) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
  });
  const context = new AudioContext({ sampleRate: rate });
  await context.audioWorklet.addModule('/page/assets/media/samples_worklet.js');
  const source = context.createMediaStreamSource(stream);
  const node = new AudioWorkletNode(context, 'samples', { numberOfOutputs: 0 });
  node.port.onmessage = ({ data }) => on_samples(data);
  source.connect(node);
  const close = () => {
    source.disconnect();
    stream.getTracks().forEach((track) => track.stop());
    context.close();
  };
  return { close };
}
