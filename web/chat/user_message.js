// What the user said; it can be edited and sent again, which makes a branch.
import { copy_and_tell } from '../lib/clipboard.js';
import { html } from '../lib/html.js';
import { t } from '../lib/language.js';
import { useStore } from '../lib/store.js';
import { guarded } from '../lib/toast.js';
import { MediaPart } from '../media/part.js';
import { model_named } from '../models/library.js';
import { icon, IconButton } from '../shell/icons.js';
import { answer, ask } from './answer.js';
import { useEditor } from './editor.js';
import { text_of } from './tree.js';
import { Versions } from './versions.js';

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
  const text = text_of(message);
  const media = message.content.filter((part) => part.type === 'media');
  const resend = async (changed) => {
    if (!changed.trim() && !media.length) return;
    conversation.stop();
    await ask(conversation, [...media, { type: 'text', text: changed }], message.parent);
  };
  const { editor, edit } = useEditor({ conversation, message, text, label: t('Send'), keep: resend });
  if (editor) return editor;
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
      <${IconButton} name="edit" label=${t('Edit and send again')} onClick=${edit} />
      <${IconButton} name="copy" label=${t('Copy')} onClick=${() => copy_and_tell(text)} />
    </div>
    ${last && html`<${Unanswered} conversation=${conversation} message=${message} />`}`;
}
