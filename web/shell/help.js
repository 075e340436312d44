// The keyboard shortcuts, in a dialog that "?" opens.
import { html } from '../lib/html.js';
import { t } from '../lib/language.js';
import { shortcuts, shown } from '../lib/shortcuts.js';
import { Dialog } from './dialog.js';

export const Help = ({ on_close }) => html`<${Dialog} title=${t('Keyboard shortcuts')} on_close=${on_close}>
  <dl class="keys">
    ${shortcuts().map(({ keys, label }) => html`<dt><kbd>${shown(keys)}</kbd></dt><dd>${label}</dd>`)}
    <dt><kbd>Enter</kbd></dt><dd>${t('Send')}</dd>
    <dt><kbd>${shown('shift+Enter')}</kbd></dt><dd>${t('New line')}</dd>
  </dl>
<//>`;
