// What the user chose for the page as a whole: kept by the server, so that every browser of his sees it; the look alone
// is this browser's.
import { request } from './api.js';
import { Store } from './store.js';

const kDefaults = {
  model: '',
  confirm_delete: true,
  show_figures: true,
  presets: [],
  defaults: {
    system: '',
    thinking: 'off',
    probabilities: false,
    temperature: null,
    top_p: null,
    top_k: null,
    max_tokens: null,
  },
};

export const settings = new Store(kDefaults);
let etag = '';

async function read() {
  const response = await request('/page/settings');
  etag = response.headers.get('ETag') ?? '';
  const stored = await response.json();
  settings.set({ ...kDefaults, ...stored, defaults: { ...kDefaults.defaults, ...stored?.defaults } });
}

/** Reads them; the defaults stay where the server has none yet. */
export async function load_settings() {
  try {
    await read();
  } catch (error) {
    if (error.kind !== 'missing') throw error;
  }
}

async function write() {
  const response = await request('/page/settings', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', ...(etag && { 'If-Match': etag }) },
    body: JSON.stringify(settings.value),
  });
  etag = response.headers.get('ETag') ?? '';
}

let waiting = 0;
let last = Promise.resolve();

/** Changes some; where another tab was faster, on top of what that one wrote. One change is written after the other. */
export function change_settings(part) {
  settings.update(part);
  ++waiting;
  const written = last.then(async () => {
    try {
      await write();
    } catch (error) {
      if (error.status !== 412) throw error;
      await read();
      settings.update(part);
      await write();
    } finally {
      --waiting;
    }
  });
  last = written.catch(() => {});
  return written;
}

/** Reads what another tab may have changed; not while this one changes something. */
export const refresh_settings = async () => waiting || read();
