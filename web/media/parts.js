// Stored media as parts of a request. The API takes them inside the request, so they are fetched from the store and
// sent along.
import { api } from '../lib/api.js';
import { data_url } from '../lib/files.js';

export const kPages = 8; // of a PDF, where the user did not choose
export const is_pdf = ({ kind, name }) => kind === 'document' && /\.pdf$/i.test(name);

const kKept = 12; // encoded media that are kept for the next turn
const encoded = new Map();

function keep(name, make) {
  if (!encoded.has(name)) {
    encoded.set(name, make());
    encoded.get(name).catch(() => encoded.delete(name));
    if (encoded.size > kKept) encoded.delete(encoded.keys().next().value);
  }
  return encoded.get(name);
}

const url_of = (id) => keep(id, async () => data_url(await api.media(id)));

async function pages_of(part) {
  const { pages } = await api.pages(part.media);
  const shown = Math.min(pages, part.pages ?? kPages);
  const urls = Array.from({ length: shown }, (_, page) =>
    keep(`${part.media}/${page}`, async () => data_url(await api.page_image(part.media, page + 1, 1000))),
  );
  return (await Promise.all(urls)).map((url) => ({ type: 'image_url', image_url: { url } }));
}

async function as_parts(part) {
  if (is_pdf(part)) return pages_of(part);
  const url = await url_of(part.media);
  switch (part.kind) {
    case 'image':
      return [{ type: 'image_url', image_url: { url, ...(part.budget && { detail: String(part.budget) }) } }];
    case 'audio':
      return [
        {
          type: 'input_audio',
          input_audio: { data: url.slice(url.indexOf(',') + 1), format: part.name?.split('.').at(-1) || 'wav' },
        },
      ];
    case 'video':
      return [{ type: 'video_url', video_url: { url } }];
    default:
      return [{ type: 'file', file: { file_data: url, filename: part.name } }];
  }
}

/** The media among a message's content, in the API's words. */
export async function media_parts(content) {
  const lists = await Promise.all(content.filter((part) => part.type === 'media').map(as_parts));
  return lists.flat();
}
