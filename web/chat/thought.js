// A model's thought before its answer: folded, with its length in tokens; open on demand.
import { html, useState } from '../lib/html.js';
import { counted, t } from '../lib/language.js';
import { Markdown } from '../markdown/view.js';
import { icon } from '../shell/icons.js';

export function Thought({ message, growing }) {
  const [open, set_open] = useState(false);
  const tokens = message.usage?.thought || message.live?.thought;
  const label = growing ? t('Thinking…') : t('Thought');
  return html`<details class="thought" open=${open} onToggle=${(event) => set_open(event.target.open)}>
    <summary>${icon('thought')}<span class=${growing ? 'pulse' : ''}>${label}</span>
      ${tokens > 0 && html`<span class="muted">${counted(tokens, '{count} token', '{count} tokens')}</span>`}</summary>
    ${open && html`<${Markdown} text=${message.thought} done=${!growing} />`}
  </details>`;
}
