// State that several views look at: a value, and those who want to hear when it changes.
import { useLayoutEffect, useReducer } from './html.js';

export class Store {
  #listeners = new Set();

  constructor(value) {
    this.value = value;
  }

  set(value) {
    this.value = value;
    this.changed();
  }

  update(part) {
    this.set({ ...this.value, ...part });
  }

  /** Tells everyone; for state that was changed in place. */
  changed() {
    for (const listener of [...this.#listeners]) listener();
  }

  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The store's value, drawn again with each change. */
export function useStore(store) {
  const [, redraw] = useReducer((count) => count + 1, 0);
  useLayoutEffect(() => store.listen(redraw), [store]); // at once, so that no change is missed
  return store.value;
}
