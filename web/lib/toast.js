// Short messages at the edge of the page, read out by screen readers.
import { explain } from './errors.js';
import { Store } from './store.js';

export const toasts = new Store([]);
let next = 1;

/** kind: info, error */
export function toast(text, { kind = 'info' } = {}) {
  const id = next++;
  toasts.set([...toasts.value.filter((entry) => entry.text !== text).slice(-3), { id, text, kind }]);
  setTimeout(() => dismiss(id), kind === 'error' ? 9000 : 4000);
}

export const dismiss = (id) => toasts.set(toasts.value.filter((entry) => entry.id !== id));

export function report(error) {
  console.warn(error);
  toast(explain(error), { kind: 'error' });
}

/** An event handler whose failure is told. */
export const guarded =
  (work) =>
  async (...values) => {
    try {
      return await work(...values);
    } catch (error) {
      if (error.name !== 'AbortError') report(error);
      return undefined;
    }
  };
