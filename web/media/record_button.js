// Records the microphone into a WAV file: a click starts, another ends.
import { clock } from '../lib/format.js';
import { stamped_name } from '../lib/files.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { toast } from '../lib/toast.js';
import { icon } from '../shell/icons.js';
import { device_error } from './devices.js';
import { listen } from './microphone.js';
import { wav } from './wav.js';

const kRate = 16_000;
const kLongest = 600; // seconds

export function RecordButton({ on_file }) {
  const [since, set_since] = useState(0);
  const [now, set_now] = useState(0);
  const recording = useRef(null); // {controller, chunks}, from the first click on
  const stop = () => {
    const { controller, chunks } = recording.current;
    recording.current = null;
    set_since(0);
    controller.abort();
    if (chunks.length) on_file(new File([wav(chunks, kRate)], stamped_name('recording', 'wav'), { type: 'audio/wav' }));
  };
  const start = async () => {
    if (recording.current) return;
    const mine = { controller: new AbortController(), chunks: [] };
    recording.current = mine;
    try {
      await listen(kRate, (samples) => mine.chunks.push(samples), mine.controller.signal);
      set_since(performance.now());
    } catch (error) {
      if (mine.controller.signal.aborted) return;
      recording.current = null;
      toast(device_error(error, 'microphone'), { kind: 'error' });
    }
  };
  useEffect(() => {
    if (!since) return undefined;
    const timer = setInterval(() => {
      set_now(performance.now());
      if (performance.now() - since > kLongest * 1000) stop();
    }, 250);
    return () => clearInterval(timer);
  }, [since]);
  useEffect(() => () => recording.current?.controller.abort(), []);
  const label = since ? t('End the recording') : t('Record sound');
  return html`<button type="button" class=${`icon-button ${since ? 'recording' : ''}`} aria-label=${label}
      title=${label} aria-pressed=${String(Boolean(since))}
    onClick=${since ? stop : start}>${icon(since ? 'stop' : 'mic')}${since > 0 && html`<span>${clock(Math.max(0, now - since) / 1000)}</span>`}</button>`;
}
