// Light, dark, or as the system has it. Set on the root before anything is drawn.
import { Store } from './store.js';

export const theme = new Store(localStorage.getItem('theme') ?? 'system');

function apply() {
  const dark =
    theme.value === 'dark' || (theme.value === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

export function choose_theme(name) {
  localStorage.setItem('theme', name);
  theme.set(name);
  apply();
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
apply();
