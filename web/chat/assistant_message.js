// An answer: thought, text or token view, calls, what went wrong, figures, and what can be done with it.
import { copy_and_tell } from '../lib/clipboard.js';
import { html, useLayoutEffect, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { useStore } from '../lib/store.js';
import { guarded } from '../lib/toast.js';
import { Markdown } from '../markdown/view.js';
import { icon, IconButton } from '../shell/icons.js';
import { answer, continue_answer, reword } from './answer.js';
import { Calls } from './calls.js';
import { useEditor } from './editor.js';
import { Figures } from './figures.js';
import { Thought } from './thought.js';
import { TokenView } from './token_view.js';
import { have_results } from './tools.js';
import { text_of } from './tree.js';
import { Versions } from './versions.js';

/** Why an answer ended that came to its end, where that was not the model's; below calls it may be about to go on. */
function end_of({ timing, calls }, last) {
  if (timing?.reason === 'length') return { text: t('The answer reached the limit of tokens.') };
  if (!last || !have_results(calls)) return null;
  if (timing?.reason === 'rounds') return { text: t('The model called tools many times without an answer.') };
  return { text: t('There is no answer yet.'), unless_busy: true };
}

function problem_of(message, growing, last) {
  if (growing) return null;
  if (message.state === 'done') return end_of(message, last);
  if (message.state === 'failed') return { text: message.error ?? t('The answer failed.'), bad: true };
  if (message.state === 'stopped') return { text: t('Stopped.') };
  return { text: t('The answer was interrupted. What came of it is kept.'), bad: true };
}

function Problem({ conversation, message, problem }) {
  useStore(conversation); // which may become busy
  if (problem.unless_busy && conversation.awaits_answer) return null;
  const interrupted = message.timing?.reason === 'offline';
  return html`<div class=${`note ${problem.bad ? 'bad' : ''}`} role=${problem.bad ? 'alert' : undefined}>
    <span>${interrupted ? t('The connection to the server was lost. What came of the answer is kept.') : problem.text}</span>
    <button type="button" class="quiet small" disabled=${conversation.awaits_answer}
        onClick=${guarded(() => continue_answer(conversation, message.id))}>
      ${icon('go_on')}${text_of(message) || message.state === 'done' ? t('Continue') : t('Try again')}</button>
  </div>`;
}

/** Whether an answer is being written; drawn again only when that changes, as an answer changes at each token. */
function useBusy(conversation) {
  const [busy, set_busy] = useState(conversation.awaits_answer);
  useLayoutEffect(() => conversation.listen(() => set_busy(conversation.awaits_answer)), [conversation]);
  return busy;
}

function Actions({ conversation, message, index, count, tokens, toggle_tokens, edit }) {
  const busy = useBusy(conversation);
  const again = guarded(() => answer(conversation, message.parent));
  return html`
    <${Versions} conversation=${conversation} message=${message} index=${index} count=${count} />
    ${text_of(message) && html`<${IconButton} name="edit" label=${t('Edit the answer')} disabled=${busy} onClick=${edit} />`}
    <${IconButton} name="copy" label=${t('Copy')} onClick=${() => copy_and_tell(text_of(message))} />
    <${IconButton} name="again" label=${t('Answer again')} disabled=${busy} onClick=${again} />
    ${
      message.logprobs &&
      html`<${IconButton} name="chance" label=${t('Token probabilities')}
        aria-pressed=${String(tokens)} onClick=${toggle_tokens} />`
    }`;
}

export function AssistantMessage({ conversation, message, index, count, growing, last, show_figures }) {
  const [tokens, set_tokens] = useState(false);
  const text = text_of(message);
  const problem = problem_of(message, growing, last);
  const waiting = growing && !text && !message.thought && !message.calls?.length;
  const change = async (changed) => {
    if (changed.trim() && changed !== text) await reword(conversation, message.id, changed);
  };
  const { editor, edit } = useEditor({ conversation, message, text, label: t('Save'), waits: true, keep: change });
  if (editor) return editor;
  return html`
    ${message.thought && html`<${Thought} message=${message} growing=${growing && !text} />`}
    ${waiting && html`<div class="waiting" aria-hidden="true"><span></span><span></span><span></span></div>`}
    ${
      tokens && message.logprobs
        ? html`<${TokenView} tokens=${message.logprobs} />`
        : text &&
          html`<${Markdown}
        text=${text} done=${!growing} at_once=${last} />`
    }
    ${
      message.calls?.length > 0 &&
      html`<${Calls} conversation=${conversation} message=${message}
        growing=${growing} />`
    }
    ${problem && html`<${Problem} conversation=${conversation} message=${message} problem=${problem} />`}
    <div class=${`actions ${last ? 'always' : ''}`}>
      ${
        !growing &&
        html`<${Actions} conversation=${conversation} message=${message} index=${index} count=${count} tokens=${tokens}
        toggle_tokens=${() => set_tokens(!tokens)} edit=${edit} />`
      }
      ${show_figures && html`<${Figures} message=${message} />`}
    </div>`;
}
