// The server, as functions. The key is sent as a header and kept for this tab's session, never in an address.
import { ApiError, error_of } from './errors.js';
import { bytes } from './format.js';
import { t } from './language.js';
import { Store } from './store.js';

const kKeyName = 'facet-key';
const kLarge = 8_000_000; // bytes: what a server may find too large

/** online: whether the last request reached the server; needs_key: whether it asked for one. */
export const connection = new Store({ online: true, needs_key: false });

export const key = () => sessionStorage.getItem(kKeyName) ?? '';

/** Keeps the key; throws ApiError where it has what no header can carry. */
export function set_key(value) {
  if (!/^[\x21-\x7e]*$/.test(value))
    throw new ApiError('request', t('A key has Latin letters, digits and signs only, and no spaces.'));
  sessionStorage.setItem(kKeyName, value);
  connection.update({ needs_key: false });
}

function headers(extra) {
  return key() ? { Authorization: `Bearer ${key()}`, ...extra } : { ...extra };
}

function note(part) {
  const now = connection.value;
  if (Object.keys(part).some((name) => now[name] !== part[name])) connection.update(part);
}

const size_of = (value) => value?.size ?? value?.length ?? 0;
const body_size = (body) =>
  body instanceof FormData ? [...body.values()].reduce((sum, value) => sum + size_of(value), 0) : size_of(body);

/**
 * What a request that got no reply failed of. A server that refuses a large body may close the connection before it
 * was sent, which looks as if it were away.
 */
async function without_reply(body, error) {
  const size = body_size(body);
  if (size >= kLarge) {
    const is_there = await fetch('/health').then(
      (reply) => reply.ok,
      () => false,
    );
    if (is_there) return new ApiError('too_large', bytes(size), 413);
  }
  note({ online: false });
  return new ApiError('offline', error.message);
}

/** fetch with the key; throws ApiError for what did not succeed. */
export async function request(path, { headers: extra, ...options } = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers(extra) });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw await without_reply(options.body, error);
  }
  note({ online: true });
  if (response.status === 401) note({ needs_key: true });
  if (!response.ok) throw await error_of(response);
  return response;
}

/** JSON out, JSON back; null where the reply has no body. */
export async function call(method, path, body, options = {}) {
  const has_body = body !== undefined;
  const response = await request(path, {
    method,
    ...options,
    headers: { ...(has_body && { 'Content-Type': 'application/json' }), ...options.headers },
    body: has_body ? JSON.stringify(body) : undefined,
  });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

const part = encodeURIComponent;
const conversation = (id) => `/page/conversations/${part(id)}`;

export const api = {
  conversations: (query, before) =>
    call('GET', `/page/conversations?limit=60&query=${part(query ?? '')}${before ? `&before=${part(before)}` : ''}`),
  conversation: (id) => call('GET', conversation(id)),
  create_conversation: (body) => call('POST', '/page/conversations', body),
  change_conversation: (id, body) => call('PATCH', conversation(id), body),
  delete_conversation: (id) => call('DELETE', conversation(id)),
  delete_all: () => call('DELETE', '/page/conversations'),
  put_message: (id, message, options) =>
    call('PUT', `${conversation(id)}/messages/${part(message.id)}`, message, options),
  import_conversation: (body) => call('POST', '/page/conversations/import', body),
  export_conversation: async (id, format) => (await request(`${conversation(id)}/export?format=${format}`)).blob(),
  models: () => call('GET', '/page/models'),
  load_model: (name) => call('POST', `/page/models/${part(name)}/load`),
  unload_model: (name) => call('POST', `/page/models/${part(name)}/unload`),
  /** Stores a file: {id, kind ...}. */
  upload: async (file, options) => {
    const headers = { 'Content-Type': file.type || 'application/octet-stream' };
    const where = `/page/media?name=${part(file.name)}`;
    return (await request(where, { method: 'POST', headers, body: file, ...options })).json();
  },
  media: async (id) => (await request(`/page/media/${part(id)}`)).blob(),
  preview: (id, budget, model) =>
    call('POST', `/page/media/${part(id)}/preview?budget=${budget}&model=${part(model ?? '')}`),
  seen: async (id, budget, model) =>
    (await request(`/page/media/${part(id)}/seen?budget=${budget}&model=${part(model ?? '')}`)).blob(),
  pages: (id) => call('POST', `/page/media/${part(id)}/preview`),
  page_image: async (id, page, width) => (await request(`/page/media/${part(id)}/pages/${page}?width=${width}`)).blob(),
  /** A text document's words: {format, text, segments}. */
  document: async (file, options) =>
    (await request(`/page/documents?name=${part(file.name)}`, { method: 'POST', body: file, ...options })).json(),
  /** The document with other segments: {blob}, or {lost}: the indices of those that have lost or crossed a tag. */
  translated_document: async (file, segments, { signal }) => {
    const body = new FormData();
    body.append('document', file, file.name);
    body.append('segments', JSON.stringify(segments));
    const reply = await request('/page/documents/translated', { method: 'POST', body, signal });
    const is_list = reply.headers.get('Content-Type')?.startsWith('application/json');
    return is_list ? reply.json() : { blob: await reply.blob() };
  },
  metrics: async () => (await request('/metrics')).text(),
};
