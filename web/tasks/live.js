// Live transcription through the public WebSocket /v1/realtime: samples go in, what was said comes out when the speaker
// pauses.
import { key } from '../lib/api.js';
import { ApiError } from '../lib/errors.js';
import { t } from '../lib/language.js';
import { listen } from '../media/microphone.js';

const kRate = 24_000;

/**
 * Calls on_event(event) until close(). What follows a silence of the user's is sent too, so that the last words come
 * out.
 */
export async function live_transcript({ model, language, on_event, on_end }) {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const protocols = key() ? ['realtime', `openai-insecure-api-key.${key()}`] : ['realtime'];
  const socket = new WebSocket(
    `${scheme}://${location.host}/v1/realtime?intent=transcription&model=${encodeURIComponent(model)}`,
    protocols,
  );
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new ApiError('offline', t('The server does not take live sound now.')));
  });
  const transcription = { model, ...(language && { language }) };
  socket.send(
    JSON.stringify({
      type: 'session.update',
      session: {
        type: 'transcription',
        audio: { input: { format: { type: 'audio/pcm', rate: kRate }, transcription } },
      },
    }),
  );
  let microphone;
  try {
    microphone = await listen(kRate, (samples) => socket.readyState === WebSocket.OPEN && socket.send(samples.buffer));
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.onmessage = ({ data }) => on_event(JSON.parse(data));
  socket.onclose = () => {
    microphone.close();
    on_end();
  };
  const close = () => {
    microphone.close();
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(new Int16Array(kRate).buffer);
    setTimeout(() => socket.close(), 3000);
  };
  return { close };
}
