// Files on their way into a message: stored by the server, shown with what the model will see of them.
import { api, request } from '../lib/api.js';
import { ApiError } from '../lib/errors.js';
import { bytes, number } from '../lib/format.js';
import { html, useEffect, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { IconButton } from '../shell/icons.js';
import { MediaPart } from './part.js';

const kLarge = 8_000_000; // bytes: what a server may find too large

/** Soft tokens that a picture may take. */
export const kBudgets = ['70', '140', '280', '560', '1120'];

/** A server that refuses a large file may close the connection before it was sent, which looks as if it were away. */
async function post(file) {
  try {
    return await request(`/page/media?name=${encodeURIComponent(file.name)}`, {
      method: 'POST',
      headers: { 'Content-Type': file.type || 'application/octet-stream' },
      body: file,
    });
  } catch (error) {
    if (error.kind !== 'offline' || file.size < kLarge) throw error;
    await request('/health');
    throw new ApiError('too_large', bytes(file.size), 413);
  }
}

/** Stores a file; gives the part of a message that stands for it. */
export async function upload(file, budget) {
  const response = await post(file);
  const reply = await response.json();
  const part = { type: 'media', media: reply.id, kind: reply.kind, name: file.name };
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
      (failure) => current && set_error(failure.message),
    );
    return () => {
      current = false;
    };
  }, [part.media, part.budget, model?.name]);
  const choose = (event) => on_change({ ...part, budget: event.target.value || undefined });
  return html`
    <select class="small" aria-label=${t('Tokens for this picture')} value=${part.budget ?? ''} onChange=${choose}>
      <option value="">${t('As the model has it')}</option>
      ${kBudgets.map((budget) => html`<option value=${budget}>${t('{count} tokens', { count: budget })}</option>`)}
    </select>
    ${
      error
        ? html`<span class="error small">${error}</span>`
        : seen?.soft_tokens &&
          html`<span class="muted small"
              title=${t('What the model sees of it')}>${seen.width}×${seen.height} → ${seen.resized_width}×${seen.resized_height} · ${t(
            '{count} tokens',
            { count: number(seen.soft_tokens) },
          )}</span>`
    }`;
}

/** PDF: how many pages are shown to the model. */
function Pages({ part, on_change }) {
  const [pages, set_pages] = useState(0);
  const [error, set_error] = useState('');
  useEffect(() => {
    api.pages(part.media).then(
      (reply) => set_pages(reply.pages),
      (failure) => set_error(failure.message),
    );
  }, [part.media]);
  if (error) return html`<span class="error small">${error}</span>`;
  return (
    pages > 0 &&
    html`<label class="small">${t('Pages')} <input type="number" class="small" min="1" max=${pages}
        value=${Math.min(pages, part.budget ?? 8)}
    onChange=${(event) => on_change({ ...part, budget: Number(event.target.value) })} /> / ${pages}</label>`
  );
}

const is_pdf = (part) => part.kind === 'document' && /\.pdf$/i.test(part.name);

export function Attachment({ entry, model, on_remove, on_change }) {
  const { part, name, file, progress } = entry;
  return html`<div class="attachment" aria-busy=${String(progress)}>
    ${part && part.kind !== 'document' ? html`<${MediaPart} part=${part} small />` : html`<div class="file-name"
        dir="auto">${name}</div>`}
    <div class="attachment-facts">
      <span class="small muted" dir="auto">${progress ? t('Sending…') : `${name} · ${bytes(file.size)}`}</span>
      ${part?.kind === 'image' && html`<${Preview} part=${part} model=${model} on_change=${on_change} />`}
      ${part && is_pdf(part) && html`<${Pages} part=${part} on_change=${on_change} />`}
    </div>
    <${IconButton} name="close" label=${t('Remove {name}', { name })} onClick=${on_remove} />
  </div>`;
}
