// Where the page is: the part of the address after '#', so that the server needs to know one path alone.
import { Store } from './store.js';

/** What is no code of a character stands for itself. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const read = () => {
  const [page = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  return { page: page || 'chat', id: rest.map(decoded).join('/') };
};

export const route = new Store(read());

addEventListener('hashchange', () => route.set(read()));

export const link = (page, id = '') => `#/${page}${id ? `/${encodeURIComponent(id)}` : ''}`;

export function go(page, id = '') {
  const target = link(page, id);
  if (location.hash === target) route.set(read());
  else location.hash = target;
}
