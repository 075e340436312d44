// What an empty chat shows: who answers, and a few things to begin with.
import { bytes } from '../lib/format.js';
import { html } from '../lib/html.js';
import { t } from '../lib/language.js';
import { link } from '../lib/router.js';
import { useStore } from '../lib/store.js';
import { library, model_named } from '../models/library.js';
import { icon, Mark } from '../shell/icons.js';
import { kTasks } from '../tasks/list.js';

export function Welcome() {
  const { models, loaded } = useStore(library);
  const model = models.length ? model_named('') : null;
  return html`<div class="welcome">
    <${Mark} />
    <h2>${t('What can I do for you?')}</h2>
    ${
      model &&
      html`<p
        class="muted">${t('{name} answers, on this machine alone. It takes {size} of disk.', { name: model.name, size: bytes(model.bytes) })}</p>`
    }
    ${
      loaded &&
      !model &&
      html`<p
        class="note bad">${t('There is no model. Put a GGUF file into the library’s folder; it appears at once.')}</p>`
    }
    <div class="cards">${kTasks.map(
      ([name, picture, label]) => html`<a class="card link"
        href=${link(name)}>${icon(picture)}${t(label)}</a>`,
    )}</div>
  </div>`;
}
