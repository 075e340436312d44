// Steps between the versions of a message: 2 / 3.
import { html } from '../lib/html.js';
import { t } from '../lib/language.js';
import { guarded } from '../lib/toast.js';
import { IconButton } from '../shell/icons.js';

export function Versions({ conversation, message, index, count }) {
  if (count < 2) return null;
  const show = (step) => guarded(() => conversation.show(conversation.versions.get(message.id).ids[index + step]));
  return html`<span class="versions">
    <${IconButton} name="left" label=${t('Previous version')} disabled=${index === 0} onClick=${show(-1)} />
    <span>${index + 1} / ${count}</span>
    <${IconButton} name="right" label=${t('Next version')} disabled=${index === count - 1} onClick=${show(1)} />
  </span>`;
}
