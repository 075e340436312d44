// Files on their way into a message: stored by the server, shown with what the model will see of them.
import { api } from '../lib/api.js';
import { bytes, number } from '../lib/format.js';
import { explain } from '../lib/errors.js';
import { html, useEffect, useState } from '../lib/html.js';
import { counted, t } from '../lib/language.js';
import { IconButton } from '../shell/icons.js';
import { MediaPart } from './part.js';
import { is_pdf, kPages } from './parts.js';

/** Soft tokens that a picture may take. */
export const kBudgets = ['70', '140', '280', '560', '1120'];

/** Stores a file, of DOCX its text; gives the part of a message that stands for it. */
export async function upload(file, budget) {
  if (/\.docx$/i.test(file.name)) {
    const { text } = await api.document(file);
    file = new File([text], `${file.name}.txt`, { type: 'text/plain' });
  }
  const { id, kind } = await api.upload(file);
  const part = { type: 'media', media: id, kind, name: file.name };
  return budget && part.kind === 'image' ? { ...part, budget } : part;
}

/** What the model will see of a picture: size, tokens, and the picture itself on demand. */
function Preview({ part, model, on_change }) {
  const [seen, set_seen] = useState(null);
  const [error, set_error] = useState('');
  useEffect(() => {
    let current = true;
    set_error('');
    api.preview(part.media, part.budget ?? '', model?.name).then(
      (reply) => current && set_seen(reply),
      (failure) => current && set_error(explain(failure)),
    );
    return () => {
      current = false;
    };
  }, [part.media, part.budget, model?.name]);
  const choose = (event) => on_change({ ...part, budget: event.target.value || undefined });
  return html`
    <select class="small" aria-label=${t('Tokens for this picture')} value=${part.budget ?? ''} onChange=${choose}>
      <option value="">${t('As the model has it')}</option>
      ${kBudgets.map((budget) => html`<option value=${budget}>${counted(Number(budget), '{count} token', '{count} tokens')}</option>`)}
    </select>
    ${
      error
        ? html`<span class="error small">${error}</span>`
        : seen?.soft_tokens &&
          html`<span class="muted small"
              title=${t('What the model sees of it')}>${seen.width}×${seen.height} → ${seen.resized_width}×${seen.resized_height} · ${counted(seen.soft_tokens, '{count} token', '{count} tokens')}</span>`
    }`;
}

/** PDF: how many pages are shown to the model. */
function Pages({ part, on_change }) {
  const [count, set_count] = useState(0);
  const [error, set_error] = useState('');
  useEffect(() => {
    api.pages(part.media).then(
      (reply) => set_count(reply.pages),
      (failure) => set_error(explain(failure)),
    );
  }, [part.media]);
  if (!count) return error && html`<span class="error small">${error}</span>`;
  const shown = Math.min(count, part.pages ?? kPages);
  const choose = ({ target }) => {
    const pages = Number(target.value);
    const fits = Number.isInteger(pages) && pages >= 1 && pages <= count;
    set_error(fits ? '' : t('Choose a page count from 1 to {most}.', { most: number(count) }));
    if (fits) on_change({ ...part, pages });
    else target.value = shown;
  };
  return html`<label class="small">${t('Pages')} <input type="number" class="small" min="1" max=${count} value=${shown}
      onChange=${choose} /> / ${number(count)}</label>
    ${error && html`<span class="error small" role="alert">${error}</span>`}`;
}

export function Attachment({ entry, model, on_remove, on_change }) {
  const { part, name, file, progress } = entry;
  return html`<div class="attachment" aria-busy=${String(progress)}>
    ${
      part && part.kind !== 'document'
        ? html`<${MediaPart} part=${part} model=${model?.name}
        small />`
        : html`<div class="file-name"
        dir="auto">${name}</div>`
    }
    <div class="attachment-facts">
      <span class="small muted" dir="auto">${progress ? t('Sending…') : `${name} · ${bytes(file.size)}`}</span>
      ${part?.kind === 'image' && html`<${Preview} part=${part} model=${model} on_change=${on_change} />`}
      ${part && is_pdf(part) && html`<${Pages} part=${part} on_change=${on_change} />`}
    </div>
    <${IconButton} name="close" label=${t('Remove {name}', { name })} onClick=${on_remove} />
  </div>`;
}
