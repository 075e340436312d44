// Starts the page: language and settings, then the shell with the page that the address names. Pages other than the
// chat are loaded when they are first looked at.
import './lib/theme.js';
import { connection } from './lib/api.js';
import { classes, html, render, useEffect, useReducer, useState } from './lib/html.js';
import { language, speak, t } from './lib/language.js';
import { go, route } from './lib/router.js';
import { load_settings } from './lib/settings.js';
import { shortcut } from './lib/shortcuts.js';
import { useStore } from './lib/store.js';
import { report } from './lib/toast.js';
import { ChatPage } from './chat/page.js';
import { leave, writing } from './chat/open.js';
import { follow } from './conversations/list.js';
import { Sidebar, useNarrow } from './conversations/sidebar.js';
import { load_models } from './models/library.js';
import { FailedPage } from './shell/failed_page.js';
import { Help } from './shell/help.js';
import { KeyDialog } from './shell/key_dialog.js';
import { ConnectionBar, Toasts } from './shell/toasts.js';

const kPages = {
  models: () => import('./models/page.js'),
  dashboard: () => import('./dashboard/page.js'),
  settings: () => import('./shell/settings_page.js'),
  translate: () => import('./tasks/translate.js'),
  transcribe: () => import('./tasks/transcribe.js'),
  summarise: () => import('./tasks/summarise.js'),
  classify: () => import('./tasks/classify.js'),
  ocr: () => import('./tasks/ocr.js'),
};

/** A page of its own file; they export their view as Page. */
function LazyPage({ name, open_sidebar }) {
  const [{ Page, error }, set_state] = useState({});
  const [tries, again] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    let wanted = true;
    set_state({});
    kPages[name]().then(
      (module) => wanted && set_state({ Page: module.Page }),
      (failure) => wanted && set_state({ error: failure }),
    );
    return () => {
      wanted = false;
    };
  }, [name, tries]);
  if (error) return html`<${FailedPage} error=${error} again=${again} open_sidebar=${open_sidebar} />`;
  return Page ? html`<${Page} open_sidebar=${open_sidebar} />` : html`<main class="page" aria-busy="true"></main>`;
}

function useShortcuts(set_help, set_sidebar) {
  const current = useStore(language);
  useEffect(() => {
    shortcut('mod+shift+o', t('New chat'), () => go('chat'));
    shortcut('mod+k', t('Search conversations'), () => {
      set_sidebar(true);
      setTimeout(() => document.getElementById('search').focus()); // when it is drawn
    });
    shortcut('/', t('Write a message'), () => document.getElementById('composer')?.focus() ?? undefined);
    shortcut('?', t('Keyboard shortcuts'), () => set_help(true));
    shortcut('mod+b', t('Side bar'), () => set_sidebar((open) => !open));
  }, [current]);
}

function App() {
  const { page, id } = useStore(route);
  const [help, set_help] = useState(false);
  const narrow = useNarrow();
  const [sidebar, set_sidebar] = useState(!narrow);
  const over = narrow && sidebar;
  useShortcuts(set_help, set_sidebar);
  useEffect(() => {
    if (narrow) set_sidebar(false);
  }, [page, id]);
  const open_sidebar = () => set_sidebar(true);
  return html`<div class=${classes('app', sidebar && 'with-sidebar')}>
    <a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      document.querySelector('main').focus();
    }}>${t('Skip to content')}</a>
    <${Sidebar} over=${over} on_close=${() => set_sidebar(false)} />
    <div class="shade" onClick=${() => set_sidebar(false)}></div>
    <div class="content" inert=${over}>
      <${ConnectionBar} />
      ${
        Object.hasOwn(kPages, page)
          ? html`<${LazyPage} name=${page} open_sidebar=${open_sidebar} />`
          : html`<${ChatPage} id=${page === 'c' ? id : ''} open_sidebar=${open_sidebar} />`
      }
    </div>
    <${Toasts} /><${KeyDialog} />
    ${help && html`<${Help} on_close=${() => set_help(false)} />`}
  </div>`;
}

/** Everything anew in another language. */
const Root = () => html`<${App} key=${useStore(language)} />`;

load_models().catch(() => {});
await Promise.all([speak(), load_settings().catch((error) => error.kind === 'key' || report(error))]);
render(html`<${Root} />`, document.getElementById('app'));
if (!connection.value.needs_key) follow();
addEventListener('pagehide', leave);
// A file that is dropped where nothing takes it does not replace the page.
for (const name of ['dragover', 'drop'])
  addEventListener(name, (event) => event.dataTransfer?.types.includes('Files') && event.preventDefault());
addEventListener('beforeunload', (event) => writing() && event.preventDefault());
