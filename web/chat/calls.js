// A model's calls as cards: name, arguments, result, time. A tool that the page does not have is answered by the user.
import { seconds } from '../lib/format.js';
import { html } from '../lib/html.js';
import { t } from '../lib/language.js';
import { useStore } from '../lib/store.js';
import { guarded } from '../lib/toast.js';
import { icon } from '../shell/icons.js';
import { give_result } from './answer.js';

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function ResultForm({ conversation, message, call }) {
  useStore(conversation); // which may become busy
  const submit = guarded(async (event) => {
    event.preventDefault();
    await give_result(conversation, message.id, call.id, event.target.elements.result.value);
  });
  return html`<form class="result-form" onSubmit=${submit}>
    <label class="field">${t('What does this tool give? The model goes on with your answer.')}
      <textarea name="result" rows="2" dir="auto"></textarea></label>
    <div class="row end"><button class="primary small"
        disabled=${conversation.awaits_answer}>${t('Give the result')}</button></div>
  </form>`;
}

function Card({ conversation, message, call, growing }) {
  const waits = !growing && call.result === undefined;
  return html`<details class="call" open=${waits}>
    <summary>${icon('tool')}<code>${call.name}</code>
      <span class="muted">${call.result === undefined ? t('waiting for the result') : call.seconds === undefined ? '' : seconds(call.seconds)}</span></summary>
    <h4>${t('Arguments')}</h4><pre tabindex="0">${readable(call.arguments)}</pre>
    ${call.result !== undefined && html`<h4>${t('Result')}</h4><pre tabindex="0">${readable(call.result)}</pre>`}
    ${waits && html`<${ResultForm} conversation=${conversation} message=${message} call=${call} />`}
  </details>`;
}

export const Calls = ({ conversation, message, growing }) => html`<div class="calls">
  ${message.calls.map(
    (call) => html`<${Card} key=${call.id} conversation=${conversation} message=${message}
      call=${call} growing=${growing} />`,
  )}
</div>`;
