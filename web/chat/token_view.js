// The answer token by token: those the model was unsure of are marked, and each shows what else it might have been.
import { percent } from '../lib/format.js';
import { html, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { arrow_step } from '../lib/shortcuts.js';
import { Bar } from '../shell/bar.js';

/** How a token is marked: by its probability. */
function mark(probability) {
  if (probability >= 0.9) return '';
  if (probability >= 0.6) return 'unsure-1';
  return probability >= 0.3 ? 'unsure-2' : 'unsure-3';
}

const visible = (text) => text.replaceAll('\n', '↵\n');
const named = (text) => JSON.stringify(text).slice(1, -1);

function Alternatives({ token: [text, logprob, others] }) {
  const rows = others.some(([other]) => other === text) ? others : [[text, logprob], ...others];
  return html`<div class="alternatives" role="status">
    ${rows.map(
      ([other, chance]) => html`<div class=${other === text ? 'chosen' : ''}>
      <code dir="auto">${named(other)}</code><${Bar} value=${Math.exp(chance)} label=${named(other)} />
      <b>${percent(Math.exp(chance), 1)}</b></div>`,
    )}
  </div>`;
}

export function TokenView({ tokens }) {
  const [at, set_at] = useState(0);
  const over = (event) => {
    const index = event.target.dataset?.index;
    if (index !== undefined) set_at(Number(index));
  };
  const key = (event) => {
    const step = arrow_step(event);
    if (!step) return;
    event.preventDefault();
    set_at(Math.min(tokens.length - 1, Math.max(0, at + step)));
  };
  return html`<div class="token-view">
    <p class="muted small">${t('Point at a token, or use the arrow keys, to see what else the model considered. Marked: it was unsure.')}</p>
    <div class="tokens" dir="auto" tabindex="0" role="group" aria-label=${t('Token probabilities')} onMouseOver=${over}
        onKeyDown=${key}>
      ${tokens.map(
        ([text, logprob], index) => html`<span data-index=${index}
          class=${`${mark(Math.exp(logprob))}${index === at ? ' at' : ''}`}>${visible(text)}</span>`,
      )}
    </div>
    ${tokens[at] && html`<${Alternatives} token=${tokens[at]} />`}
  </div>`;
}
