// A stored picture, sound, video or file in a message. The store wants the key as a header, so media are fetched and
// shown as blobs.
import { api } from '../lib/api.js';
import { explain } from '../lib/errors.js';
import { save_file } from '../lib/files.js';
import { html, useEffect, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { guarded } from '../lib/toast.js';
import { Dialog } from '../shell/dialog.js';
import { icon } from '../shell/icons.js';

const kKept = 60; // blobs that are kept, beside those that are shown now
const kept = new Map(); // name -> {url: a promise of an address, users}; the one used last stands last

/** Blobs that nothing shows any more, the oldest first, while there are too many. */
function drop_unused() {
  for (const [name, { url, users }] of kept) {
    if (kept.size <= kKept) return;
    if (users) continue;
    kept.delete(name);
    url.then(URL.revokeObjectURL, () => {});
  }
}

/** The entry of a blob, made once; it stays until its users are gone. */
function take(name, make) {
  const entry = kept.get(name) ?? { url: make().then((blob) => URL.createObjectURL(blob)), users: 0 };
  kept.delete(name);
  kept.set(name, entry);
  ++entry.users;
  entry.url.catch(() => kept.get(name) === entry && kept.delete(name));
  drop_unused();
  return entry;
}

function useUrl(name, make) {
  const [state, set_state] = useState({});
  useEffect(() => {
    let current = true;
    const entry = take(name, make);
    entry.url.then(
      (url) => current && set_state({ url }),
      (error) => current && set_state({ error: explain(error) }),
    );
    return () => {
      current = false;
      --entry.users;
      drop_unused();
    };
  }, [name]);
  return state;
}

function Viewer({ part, model = '', url, on_close }) {
  const [as_seen, set_as_seen] = useState(false);
  const budget = part.budget ?? '';
  const seen = useUrl(`${part.media}/seen/${budget}/${model}`, () => api.seen(part.media, budget, model));
  const broken = as_seen && seen.error;
  return html`<${Dialog} title=${part.name} on_close=${on_close} wide>
    <img class="viewed" src=${as_seen && seen.url ? seen.url : url} alt=${part.name} />
    ${broken && html`<p class="error" role="alert">${seen.error}</p>`}
    <label class="check"><input type="checkbox" checked=${as_seen}
        onChange=${() => set_as_seen(!as_seen)} />${t('As the model sees it')}</label>
  <//>`;
}

function Picture({ part, model, small }) {
  const { url, error } = useUrl(part.media, () => api.media(part.media));
  const [open, set_open] = useState(false);
  if (error) return html`<div class="file-name error">${part.name}: ${error}</div>`;
  return html`<button type="button" class=${`picture ${small ? 'small' : ''}`} onClick=${() => set_open(true)}
      aria-label=${t('Show {name}', { name: part.name })}>
      ${url && html`<img src=${url} alt=${part.name} />`}</button>
    ${
      open &&
      html`<${Viewer} part=${part} model=${model} url=${url}
        on_close=${() => set_open(false)} />`
    }`;
}

function Player({ part }) {
  const { url, error } = useUrl(part.media, () => api.media(part.media));
  if (error) return html`<div class="file-name error">${part.name}: ${error}</div>`;
  if (!url) return html`<div class="file-name">${part.name}</div>`;
  return part.kind === 'audio'
    ? html`<audio controls src=${url} aria-label=${part.name}></audio>`
    : html`<video controls src=${url} aria-label=${part.name}></video>`;
}

const StoredFile = ({ part }) => html`<button type="button" class="file-name" dir="auto"
  onClick=${guarded(async () => save_file(part.name, await api.media(part.media)))}>${icon('page')}${part.name}</button>`;

/** model: the name of the one that looks at pictures. */
export function MediaPart({ part, model, small }) {
  if (part.kind === 'image') return html`<${Picture} part=${part} model=${model} small=${small} />`;
  return part.kind === 'audio' || part.kind === 'video'
    ? html`<${Player} part=${part} />`
    : html`<${StoredFile} part=${part} />`;
}
