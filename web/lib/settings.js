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
let etag = ''; // of what was read or written last; none: nothing was
const pending = []; // changes that are not written yet, each a function: the present settings -> what is new in them

async function read() {
  const response = await request('/page/settings');
  etag = response.headers.get('ETag') ?? '';
  const stored = await response.json();
  settings.set({ ...kDefaults, ...stored, defaults: { ...kDefaults.defaults, ...stored?.defaults } });
  for (const change of pending) settings.update(change(settings.value));
}

/** Reads them; the defaults stay where the server has none yet. */
export const load_settings = read;

async function write() {
  const response = await request('/page/settings', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', 'If-Match': etag },
    body: JSON.stringify(settings.value),
  });
  etag = response.headers.get('ETag') ?? '';
}

async function write_on_top() {
  if (!etag) await read(); // or all that is there would be lost
  try {
    await write();
  } catch (error) {
    if (error.status !== 412) throw error;
    await read();
    await write();
  }
}

let last = Promise.resolve();

/**
 * Changes some: {name: value}, or a function that makes this of the present settings. Where another tab was faster, it
 * is done again on top of what that one wrote. One change is written after the other.
 */
export function change_settings(part) {
  const change = typeof part === 'function' ? part : () => part;
  settings.update(change(settings.value));
  pending.push(change);
  const written = last.then(write_on_top).finally(() => pending.splice(pending.indexOf(change), 1));
  last = written.catch(() => {});
  return written;
}

/** Reads what another tab may have changed; not while this one changes something. */
export const refresh_settings = async () => pending.length || read();
