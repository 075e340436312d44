// A stored picture, sound, video or file in a message. The store wants the key as a header, so media are fetched and
// shown as blobs.
import { api } from '../lib/api.js';
import { save_file } from '../lib/files.js';
import { html, useEffect, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { guarded } from '../lib/toast.js';
import { Dialog } from '../shell/dialog.js';
import { icon } from '../shell/icons.js';

const kKept = 60; // addresses of blobs that are kept
const urls = new Map();

/** The address of a blob with the media's bytes, made once. */
function url_of(id, make = () => api.media(id)) {
  if (!urls.has(id)) {
    const url = make().then((blob) => URL.createObjectURL(blob));
    url.catch(() => urls.delete(id));
    urls.set(id, url);
    if (urls.size > kKept) {
      const [oldest, old] = urls.entries().next().value;
      urls.delete(oldest);
      old.then(URL.revokeObjectURL, () => {});
    }
  }
  return urls.get(id);
}

function useUrl(id, make) {
  const [state, set_state] = useState({});
  useEffect(() => {
    let current = true;
    url_of(id, make).then(
      (url) => current && set_state({ url }),
      (error) => current && set_state({ error: error.message }),
    );
    return () => {
      current = false;
    };
  }, [id]);
  return state;
}

function Viewer({ part, url, on_close }) {
  const [as_seen, set_as_seen] = useState(false);
  const seen = useUrl(`${part.media}/seen/${part.budget ?? ''}`, () => api.seen(part.media, part.budget ?? ''));
  const broken = as_seen && seen.error;
  return html`<${Dialog} title=${part.name} on_close=${on_close} wide>
    <img class="viewed" src=${as_seen && seen.url ? seen.url : url} alt=${part.name} />
    ${broken && html`<p class="error" role="alert">${seen.error}</p>`}
    <label class="check"><input type="checkbox" checked=${as_seen}
        onChange=${() => set_as_seen(!as_seen)} />${t('As the model sees it')}</label>
  <//>`;
}

function Picture({ part, small }) {
  const { url, error } = useUrl(part.media);
  const [open, set_open] = useState(false);
  if (error) return html`<div class="file-name error">${part.name}: ${error}</div>`;
  return html`<button type="button" class=${`picture ${small ? 'small' : ''}`} onClick=${() => set_open(true)}
      aria-label=${t('Show {name}', { name: part.name })}>
      ${url && html`<img src=${url} alt=${part.name} />`}</button>
    ${open && html`<${Viewer} part=${part} url=${url} on_close=${() => set_open(false)} />`}`;
}

function Player({ part }) {
  const { url, error } = useUrl(part.media);
  if (error) return html`<div class="file-name error">${part.name}: ${error}</div>`;
  if (!url) return html`<div class="file-name">${part.name}</div>`;
  return part.kind === 'audio'
    ? html`<audio controls src=${url} aria-label=${part.name}></audio>`
    : html`<video controls src=${url} aria-label=${part.name}></video>`;
}

const File = ({ part }) => html`<button type="button" class="file-name" dir="auto"
  onClick=${guarded(async () => save_file(part.name, await api.media(part.media)))}>${icon('page')}${part.name}</button>`;

export function MediaPart({ part, small }) {
  if (part.kind === 'image') return html`<${Picture} part=${part} small=${small} />`;
  return part.kind === 'audio' || part.kind === 'video'
    ? html`<${Player} part=${part} />`
    : html`<${File} part=${part} />`;
}
