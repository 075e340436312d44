// What is written and not sent, of each conversation: it stays while the user looks at something else, and files that are
// on their way to the store get there meanwhile. Texts outlast a reload, as after a key was asked for.
import { explain } from '../lib/errors.js';
import { useLayoutEffect, useState } from '../lib/html.js';
import { Store, useStore } from '../lib/store.js';
import { toast } from '../lib/toast.js';
import { upload } from '../media/attachments.js';

const kKept = 'drafts';

/** files: [{name, file, progress, part}]; awaited: whether it is sent as soon as the files are there */
class Draft extends Store {
  constructor({ text = '', files = [] } = {}) {
    super({ text, files, awaited: false });
  }

  get uploading() {
    return this.value.files.some((entry) => entry.progress);
  }

  /** Puts another entry in the place of one, or none. */
  replace(entry, next) {
    this.update({ files: this.value.files.flatMap((other) => (other === entry ? (next ?? []) : [other])) });
  }

  /** budget: soft tokens of pictures */
  async add(files, budget) {
    const entries = files.map((file) => ({ name: file.name, file, progress: true }));
    this.update({ files: [...this.value.files, ...entries] });
    for (const entry of entries) await this.#store(entry, budget);
  }

  async #store(entry, budget) {
    if (!this.value.files.includes(entry)) return; // the user took it away
    try {
      this.replace(entry, { ...entry, part: await upload(entry.file, budget), progress: false });
    } catch (error) {
      this.update({ awaited: false });
      this.replace(entry, null);
      toast(`${entry.name}: ${explain(error)}`, { kind: 'error' });
    }
  }

  /** What could not be sent goes before what has been written since. */
  take_back({ text, files }) {
    const texts = [text, this.value.text].filter((part) => part.trim());
    this.update({ text: texts.join('\n\n'), files: [...files, ...this.value.files] });
  }
}

/** Ids of conversations, null for a new one, and their drafts. */
const drafts = new Map(
  JSON.parse(sessionStorage.getItem(kKept) ?? '[]').map(([id, { text }]) => [id, new Draft({ text })]),
);
addEventListener('pagehide', () => {
  const texts = [...drafts].map(([id, { value }]) => [id, { text: value.text }]).filter(([, { text }]) => text);
  sessionStorage.setItem(kKept, JSON.stringify(texts));
});

export function draft_of({ id }) {
  if (!drafts.has(id)) drafts.set(id, new Draft());
  return drafts.get(id);
}

/** The draft of the conversation that is shown, which goes along when a new one gets its id. */
export function useDraft(conversation) {
  const [draft] = useState(() => draft_of(conversation));
  useLayoutEffect(() => {
    if (drafts.get(conversation.id) === draft) return;
    drafts.delete(null);
    drafts.set(conversation.id, draft);
  }, [conversation.id]);
  useStore(draft);
  return draft;
}
