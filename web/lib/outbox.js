// Messages on their way to the server, one version of each after the other. What it does not take now waits in the
// browser's storage, one item for each message, so that tabs do not write over each other's.
import { api, connection, key } from './api.js';
import { explain } from './errors.js';
import { t } from './language.js';
import { toast } from './toast.js';

const kPrefix = 'unsent:';
const kRetry = 10_000; // milliseconds until what a busy server refused is tried again
const kRetried = ['busy', 'storage', 'server']; // errors after which nothing else tells when to try
const kKept = 7 * 86_400_000; // milliseconds for which messages of another key are kept
const kFinal = ['missing', 'request', 'too_large']; // errors that another try does not mend

/** What the browser has no room for, and what the server refused for good: only this tab has it. */
const held = new Map();

/** Whose messages: 32 bits of a hash (FNV-1a) tell keys apart, and nobody finds a key from them. */
function owner() {
  let hash = 0x811c9dc5;
  for (const letter of key()) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193) >>> 0;
  return key() ? hash.toString(16) : '';
}

const prefix = (conversation) => `${kPrefix}${owner()}:${conversation}:`;
const stored_names = (start) => Object.keys(localStorage).filter((name) => name.startsWith(start));
const read = (name) => JSON.parse(localStorage.getItem(name));

function keep(name, entry) {
  try {
    localStorage.setItem(name, JSON.stringify({ ...entry, at: Date.now() }));
    held.delete(name);
  } catch {
    localStorage.removeItem(name); // an older version
    held.set(name, entry);
    toast(
      t('The browser has no room to keep this message; it is lost if you close the page before the server is back.'),
      { kind: 'error' },
    );
  }
}

function drop(name) {
  localStorage.removeItem(name);
  held.delete(name);
}

async function put({ conversation, message }) {
  try {
    await api.put_message(conversation, message);
  } catch (error) {
    if (error.kind !== 'too_large' || !message.logprobs) throw error;
    const { logprobs: _, ...rest } = message; // by far the most of it
    await api.put_message(conversation, rest);
  }
}

/** The entry that waits; it may have been stored or replaced since, here or by another tab. */
function waiting(name) {
  const entry = held.get(name) ?? read(name);
  return entry?.refused ? null : entry;
}

let again = 0;

/** Stores an entry, or keeps it as its error asks for; throws that. A parent that waits goes first. */
async function deliver(name, entry) {
  try {
    const parent = prefix(entry.conversation) + entry.message.parent;
    if (waiting(parent)) await deliver(parent, waiting(parent));
    await put(entry);
    drop(name);
  } catch (error) {
    if (kFinal.includes(error.kind)) {
      drop(name);
      if (error.kind !== 'missing') held.set(name, { ...entry, refused: true });
    } else {
      keep(name, entry);
      if (kRetried.includes(error.kind)) again ||= setTimeout(flush, kRetry);
    }
    throw error;
  }
}

const lines = new Map();

/** Runs work when the conversation's earlier work is done, in this tab and (where the browser has locks) in others. */
function in_line(message, work) {
  const name = message.slice(0, message.lastIndexOf(':'));
  const locked = () => (navigator.locks ? navigator.locks.request(name, work) : work());
  const done = (lines.get(name) ?? Promise.resolve()).then(locked, locked);
  lines.set(name, done);
  const leave = () => lines.get(name) === done && lines.delete(name);
  done.then(leave, leave);
  return done;
}

const newest = new Map();

/**
 * Stores a message that the server knows or not yet; while it cannot be reached, later. Throws where it refuses it. A
 * version that waited until there was a newer one is left out.
 */
export async function send(conversation, message) {
  const name = prefix(conversation) + message.id;
  newest.set(name, message);
  try {
    await in_line(name, () => newest.get(name) === message && deliver(name, { conversation, message }));
  } catch (error) {
    if (error.kind !== 'offline') throw error;
  } finally {
    if (newest.get(name) === message) newest.delete(name);
  }
}

/** Messages of a conversation that the server does not have as they are here, oldest first: the browser's storage has no order. */
export function unsent(conversation) {
  const start = prefix(conversation);
  const here = [...held].filter(([name]) => name.startsWith(start)).map(([, entry]) => entry);
  return [...stored_names(start).flatMap((name) => read(name) ?? []), ...here]
    .map((entry) => entry.message)
    .sort((one, other) => one.created_at - other.created_at);
}

/** Forgets a message that is not to be stored after all. */
export const withdraw = (conversation, id) => drop(prefix(conversation) + id);

async function deliver_waiting(name) {
  const entry = waiting(name);
  if (!entry) return;
  try {
    await deliver(name, entry);
  } catch (error) {
    if (kFinal.includes(error.kind) && error.kind !== 'missing')
      toast(t('A message that waited was refused; copy it if you need it.') + ' ' + explain(error), { kind: 'error' });
  }
}

function forget_old() {
  for (const name of stored_names(kPrefix))
    if (!name.startsWith(`${kPrefix}${owner()}:`) && Date.now() - (read(name)?.at ?? 0) > kKept)
      localStorage.removeItem(name);
}

/** Tries again what waits; called when the server is back. */
export async function flush() {
  clearTimeout(again);
  again = 0;
  forget_old();
  const own = `${kPrefix}${owner()}:`;
  for (const name of new Set([...stored_names(own), ...held.keys()])) {
    await in_line(name, () => deliver_waiting(name));
    if (!connection.value.online) return;
  }
}

connection.listen(() => connection.value.online && flush());
