// Messages on their way to the server. What cannot be sent now waits here, and in the browser's storage, until the
// server is back.
import { api, connection } from './api.js';
import { toast } from './toast.js';
import { t } from './language.js';

const kName = 'unsent';
const waiting = new Map(JSON.parse(localStorage.getItem(kName) ?? '[]'));

function remember() {
  try {
    if (waiting.size) localStorage.setItem(kName, JSON.stringify([...waiting]));
    else localStorage.removeItem(kName);
  } catch {
    toast(
      t('The browser has no room to keep this message; it is lost if you close the page before the server is back.'),
      { kind: 'error' },
    );
  }
}

/** Stores a message that the server knows or not yet; while it cannot be reached, later. */
export async function send(conversation, message) {
  try {
    await api.put_message(conversation, message);
    if (waiting.delete(message.id)) remember();
  } catch (error) {
    if (error.kind !== 'offline') throw error;
    waiting.set(message.id, { conversation, message });
    remember();
  }
}

export const unsent = (conversation) =>
  [...waiting.values()].filter((entry) => entry.conversation === conversation).map((entry) => entry.message);

let flushing = false;

/** Tries again what waits; called when the server is back. */
export async function flush() {
  if (flushing) return;
  flushing = true;
  try {
    for (const [id, entry] of [...waiting]) {
      try {
        await api.put_message(entry.conversation, entry.message);
      } catch (error) {
        if (error.kind === 'offline') return;
        if (error.kind !== 'missing') continue;
      }
      waiting.delete(id);
      remember();
    }
  } finally {
    flushing = false;
  }
}

connection.listen(() => connection.value.online && waiting.size && flush());
