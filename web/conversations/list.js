// The conversations that the server keeps, as the side bar shows them.
import { api } from '../lib/api.js';
import { explain } from '../lib/errors.js';
import { follow_news } from '../lib/events.js';
import { file_name, pick_files, save_file } from '../lib/files.js';
import { t } from '../lib/language.js';
import { flush } from '../lib/outbox.js';
import { go, route } from '../lib/router.js';
import { refresh_settings, settings } from '../lib/settings.js';
import { Store } from '../lib/store.js';
import { report, toast } from '../lib/toast.js';
import { forget, opened } from '../chat/open.js';
import { load_models } from '../models/library.js';
import { ask_text, ask_yes } from '../shell/dialog.js';
import { conversation_of } from './markdown_file.js';

export const list = new Store({ query: '', conversations: [], next: null, loaded: false });

const kReadEvery = 3000; // milliseconds between looks because of news: an answer that grows makes many
let asked = 0;
let wanted = 0; // how many the user asked to see

async function read(query) {
  const conversations = [];
  let next = null;
  do {
    const reply = await api.conversations(query, next);
    conversations.push(...reply.conversations);
    next = reply.next;
  } while (next && conversations.length < wanted);
  return { conversations, next };
}

/** Reads the list again, as far as it was shown; an older reply that comes late is dropped. */
export async function load_list(query = list.value.query) {
  const number = ++asked;
  if (query !== list.value.query) wanted = 0;
  list.update({ query });
  const found = await read(query);
  if (number === asked) list.update({ ...found, loaded: true });
}

export async function load_more() {
  wanted = list.value.conversations.length + 1;
  await load_list();
}

let soon = 0;
let read_at = 0;
function refresh_soon() {
  soon ||= setTimeout(
    () => {
      soon = 0;
      read_at = performance.now();
      load_list().catch(() => {});
    },
    Math.max(150, read_at + kReadEvery - performance.now()),
  );
}

/** Another tab deleted it. */
function leave(id) {
  opened(id)?.stop();
  forget(id);
  list.update({ conversations: list.value.conversations.filter((entry) => entry.id !== id) });
  if (route.value.id === id) go('chat');
}

function on_event(event) {
  if (event.type === 'models') return load_models().catch(() => {});
  if (event.type === 'settings') return refresh_settings().catch(() => {});
  refresh_soon();
  const conversation = opened(event.id);
  if (event.type === 'deleted') leave(event.id);
  else if (conversation && event.version > conversation.version) conversation.refresh().catch(() => {});
  return undefined;
}

/** Keeps list, models and open conversations in step with the server. */
export function follow() {
  follow_news(on_event, () => {
    flush().catch(report);
    refresh_soon();
    refresh_settings().catch(() => {});
    load_models().catch(() => {});
    const { page, id } = route.value;
    if (page === 'c')
      opened(id)
        ?.refresh()
        .catch((error) => error.kind === 'missing' && leave(id));
  });
}

export async function rename(entry) {
  const title = await ask_text(t('Rename'), entry.title);
  if (title?.trim()) await change(entry.id, { title: title.trim() });
}

export async function change(id, part) {
  const conversation = opened(id);
  if (conversation) await conversation.change(part);
  else await api.change_conversation(id, part);
  await load_list();
}

export async function remove(entry) {
  if (settings.value.confirm_delete) {
    const text = t('“{title}” and the media that only it uses are deleted for good.', {
      title: entry.title || t('Untitled'),
    });
    if (!(await ask_yes(t('Delete the conversation?'), text, t('Delete')))) return;
  }
  opened(entry.id)?.stop();
  await api.delete_conversation(entry.id);
  forget(entry.id);
  if (route.value.id === entry.id) go('chat');
  await load_list();
}

export async function export_one(entry, format) {
  const blob = await api.export_conversation(entry.id, format);
  save_file(file_name(entry.title, format === 'json' ? 'json' : 'md'), blob);
}

/** What a file exports; throws SyntaxError where it is neither JSON nor an export as Markdown. */
async function exported(file) {
  const text = await file.text();
  return (/\.md$/i.test(file.name) && conversation_of(text)) || JSON.parse(text);
}

export async function import_files() {
  const files = await pick_files('.json,.md,application/json,text/markdown');
  let last = null;
  for (const file of files) {
    try {
      last = await api.import_conversation(await exported(file));
    } catch (error) {
      const is_other = error instanceof SyntaxError;
      const why = is_other ? t('{name} is not an exported conversation.', { name: file.name }) : explain(error);
      toast(is_other ? why : `${file.name}: ${why}`, { kind: 'error' });
    }
  }
  await load_list();
  if (last) go('c', last.id);
}
