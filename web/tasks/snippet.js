// The same request as a program would send it, folded below each task.
import { copy_and_tell } from '../lib/clipboard.js';
import { html, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { arrow_step } from '../lib/shortcuts.js';
import { chat_programs, sound_programs } from './programs.js';

/** One of the tabs is in the order of the keyboard; arrow keys lead to the others. */
function Tabs({ names, shown, choose }) {
  const key = (event) => {
    const step = arrow_step(event);
    if (!step) return;
    event.preventDefault();
    const at = (names.indexOf(shown) + step + names.length) % names.length;
    choose(names[at]);
    event.currentTarget.children[at].focus();
  };
  return html`<div role="tablist" aria-label=${t('Language of the program')} onKeyDown=${key}>${names.map(
    (name) => html`<button type="button" class="small" role="tab" id=${`tab-${name}`} aria-controls="program"
        aria-selected=${String(name === shown)} tabindex=${name === shown ? 0 : -1}
        onClick=${() => choose(name)}>${name}</button>`,
  )}</div>`;
}

/** body: of a chat completion; or form: {path, fields, method} of a sound. */
export function Snippet({ body, form }) {
  const [shown, set_shown] = useState('curl');
  const [open, set_open] = useState(false);
  const texts = open && (form ? sound_programs(form) : chat_programs(body));
  return html`<details class="snippet card" onToggle=${(event) => set_open(event.target.open)}>
    <summary>${t('The same from a program')}</summary>
    ${
      texts &&
      html`
      <${Tabs} names=${Object.keys(texts)} shown=${shown} choose=${set_shown} />
      <div class="code" dir="ltr" role="tabpanel" id="program" aria-labelledby=${`tab-${shown}`}><pre
          tabindex="0"><code>${texts[shown]}</code></pre></div>
      <div class="row end">
        <button type="button" class="small" onClick=${() => copy_and_tell(texts[shown])}>${t('Copy')}</button>
      </div>`
    }
  </details>`;
}
