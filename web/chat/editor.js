// A message that is being edited, in its place.
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { Store, useStore } from '../lib/store.js';
import { guarded } from '../lib/toast.js';

/** Of messages: what they were edited to, and what could not be stored. */
const unsent = new Store({});

function Editor({ conversation, text, label, waits, on_done }) {
  useStore(conversation); // which may become busy
  const input = useRef();
  const blocked = waits && conversation.awaits_answer;
  useEffect(() => {
    input.current.focus();
    input.current.setSelectionRange(text.length, text.length);
  }, []);
  const key = (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      on_done(null);
    } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (!blocked) on_done(input.current.value);
    }
  };
  return html`<div class="editor">
    <textarea ref=${input} rows=${Math.min(12, text.split('\n').length + 1)} aria-label=${t('Edit the message')}
        onKeyDown=${key} dir="auto">${text}</textarea>
    <div class="row end">
      <button type="button" onClick=${() => on_done(null)}>${t('Cancel')}</button>
      <button type="button" class="primary" disabled=${blocked}
          onClick=${() => on_done(input.current.value)}>${label}</button>
    </div>
  </div>`;
}

/**
 * {editor, edit}: what stands in a message's place while it is edited, or null; and what begins that. label: of the
 * button that ends it; waits: whether it ends only when no answer is being written; keep: takes the new text. A text
 * that cannot be kept stays in the editor.
 */
export function useEditor({ conversation, message, text, label, waits = false, keep }) {
  const [editing, set_editing] = useState(false);
  const refused = useStore(unsent)[message.id];
  const done = guarded(async (changed) => {
    set_editing(false);
    if (refused !== undefined) unsent.update({ [message.id]: undefined });
    if (changed === null) return;
    try {
      await keep(changed);
    } catch (error) {
      unsent.update({ [message.id]: changed }); // this component may be gone, as another message was shown
      throw error;
    }
  });
  const open = editing || refused !== undefined;
  const editor = open
    ? html`<${Editor} conversation=${conversation} text=${refused ?? text} label=${label} waits=${waits} on_done=${done} />`
    : null;
  return { editor, edit: () => set_editing(true) };
}
