// What the user said; it can be edited and sent again, which makes a branch.
import { copy_and_tell } from '../lib/clipboard.js';
import { html, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { Store, useStore } from '../lib/store.js';
import { guarded } from '../lib/toast.js';
import { MediaPart } from '../media/part.js';
import { model_named } from '../models/library.js';
import { icon, IconButton } from '../shell/icons.js';
import { answer, ask } from './answer.js';
import { Editor } from './editor.js';
import { text_of } from './tree.js';
import { Versions } from './versions.js';

/** Of messages: what they were edited to, and what could not be sent. */
const unsent = new Store({});

/** Below a question that got no answer: the page was closed, or it was stopped. */
function Unanswered({ conversation, message }) {
  useStore(conversation); // which may become busy
  if (conversation.awaits_answer) return null;
  return html`<div class="note"><span>${t('There is no answer yet.')}</span>
    <button type="button" class="quiet small"
        onClick=${guarded(() => answer(conversation, message.id))}>${icon('go_on')}${t('Try again')}</button>
  </div>`;
}

export function UserMessage({ conversation, message, index, count, last }) {
  const [editing, set_editing] = useState(false);
  const edited = useStore(unsent)[message.id];
  const text = text_of(message);
  const media = message.content.filter((part) => part.type === 'media');
  const resend = guarded(async (changed) => {
    set_editing(false);
    unsent.update({ [message.id]: undefined });
    if (changed === null || (!changed.trim() && !media.length)) return;
    conversation.stop();
    try {
      await ask(conversation, [...media, { type: 'text', text: changed }], message.parent);
    } catch (error) {
      unsent.update({ [message.id]: changed });
      throw error;
    }
  });
  if (editing || edited !== undefined)
    return html`<${Editor} text=${edited ?? text} label=${t('Send')} on_done=${resend} />`;
  return html`
    ${
      media.length > 0 &&
      html`<div class="media-row">${media.map(
        (part) => html`<${MediaPart}
        part=${part} model=${model_named(conversation.settings.model)?.name} />`,
      )}</div>`
    }
    ${text && html`<div class="bubble" dir="auto">${text}</div>`}
    <div class="actions">
      <${Versions} conversation=${conversation} message=${message} index=${index} count=${count} />
      <${IconButton} name="edit" label=${t('Edit and send again')} onClick=${() => set_editing(true)} />
      <${IconButton} name="copy" label=${t('Copy')} onClick=${() => copy_and_tell(text)} />
    </div>
    ${last && html`<${Unanswered} conversation=${conversation} message=${message} />`}`;
}
