// The conversations that the server keeps, as the side bar shows them.
import { api } from '../lib/api.js';
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

let asked = 0;

/** Reads the list again; an older reply that comes late is dropped. */
export async function load_list(query = list.value.query) {
  const number = ++asked;
  list.update({ query });
  const reply = await api.conversations(query);
  if (number === asked) list.update({ ...reply, loaded: true });
}

export async function load_more() {
  const { query, next, conversations } = list.value;
  const reply = await api.conversations(query, next);
  list.update({ conversations: [...conversations, ...reply.conversations], next: reply.next });
}

let soon = 0;
const refresh_soon = () => {
  clearTimeout(soon);
  soon = setTimeout(() => load_list().catch(() => {}), 150);
};

function on_event(event) {
  if (event.type === 'models') return load_models().catch(() => {});
  if (event.type === 'settings') return refresh_settings().catch(() => {});
  refresh_soon();
  const conversation = opened(event.id);
  if (event.type === 'deleted') {
    forget(event.id);
    if (route.value.id === event.id) go('chat');
  } else if (conversation && event.version > conversation.version) conversation.refresh().catch(() => {});
  return undefined;
}

/** Keeps list, models and open conversations in step with the server. */
export function follow() {
  follow_news(on_event, () => {
    flush().catch(report);
    refresh_soon();
    load_models().catch(() => {});
    if (route.value.page === 'c')
      opened(route.value.id)
        ?.refresh()
        .catch(() => {});
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
    let data;
    try {
      data = await exported(file);
    } catch {
      toast(t('{name} is not an exported conversation.', { name: file.name }), { kind: 'error' });
      continue;
    }
    last = await api.import_conversation(data);
  }
  await load_list();
  if (last) go('c', last.id);
}
