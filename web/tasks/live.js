// Live transcription through the public WebSocket /v1/realtime: samples go in, what was said comes out when the speaker
// pauses.
import { key } from '../lib/api.js';
import { ApiError } from '../lib/errors.js';
import { t } from '../lib/language.js';
import { listen } from '../media/microphone.js';

const kRate = 24_000;

/** The key as a subprotocol, the one place for it; in letters that every subprotocol may have. */
function protocols() {
  const coded = btoa(key()).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return key() ? ['realtime', `facet-api-key.base64url.${coded}`] : ['realtime'];
}

function open_socket(model) {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const query = `intent=transcription&model=${encodeURIComponent(model)}`;
  return new WebSocket(`${scheme}://${location.host}/v1/realtime?${query}`, protocols());
}

/** A signal that aborts with another one, or when the socket closes; then the socket is closed too. */
function end_of(socket, signal) {
  const ended = new AbortController();
  socket.onclose = () => ended.abort(new ApiError('offline', t('The server does not take live sound now.')));
  signal.addEventListener('abort', () => ended.abort(signal.reason));
  ended.signal.addEventListener('abort', () => socket.close());
  return ended.signal;
}

const opened = (socket, ended) =>
  new Promise((resolve, reject) => {
    socket.onopen = resolve;
    ended.addEventListener('abort', () => reject(ended.reason));
  });

/**
 * Listens to the microphone and calls on_event(event), then on_end() once. Gives a function that stops listening and lets
 * the last words come out; the signal ends everything at once, also while the browser still asks the user.
 */
export async function live_transcript({ model, language, signal, on_event, on_end }) {
  const socket = open_socket(model);
  const ended = end_of(socket, signal);
  const hearing = new AbortController();
  ended.addEventListener('abort', () => {
    hearing.abort(ended.reason);
    on_end();
  });
  socket.onmessage = ({ data }) => signal.aborted || on_event(JSON.parse(data));
  await opened(socket, ended);
  const transcription = { model, ...(language && { language }) };
  const audio = { input: { format: { type: 'audio/pcm', rate: kRate }, transcription } };
  socket.send(JSON.stringify({ type: 'session.update', session: { type: 'transcription', audio } }));
  const send = (samples) => socket.readyState === WebSocket.OPEN && socket.send(samples.buffer);
  try {
    await listen(kRate, send, hearing.signal);
  } catch (error) {
    socket.close();
    throw error;
  }
  return () => {
    hearing.abort();
    send(new Int16Array(kRate)); // a silence, after which the server writes down what came before
    setTimeout(() => socket.close(), 3000);
  };
}
