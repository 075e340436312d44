// The server's models, and the one that a conversation uses.
import { api } from '../lib/api.js';
import { settings } from '../lib/settings.js';
import { Store } from '../lib/store.js';

export const library = new Store({ models: [], memory: null, machine: null, loaded: false });

export async function load_models() {
  library.set({ ...(await api.models()), loaded: true });
}

/** The model by name; without one, the user's choice, else the server's default. */
export function model_named(name) {
  const { models } = library.value;
  return (
    models.find((model) => model.name === (name || settings.value.model)) ??
    models.find((model) => model.default) ??
    models[0]
  );
}

export const can = (model, sense) => !model || model.modalities.includes(sense);
