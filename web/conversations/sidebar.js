// The side bar: pages, and the conversations by their age, with search and what can be done with each.
import { days_ago, when } from '../lib/format.js';
import { classes, html, useEffect, useLayoutEffect, useRef, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { link, route } from '../lib/router.js';
import { shown } from '../lib/shortcuts.js';
import { useStore } from '../lib/store.js';
import { guarded } from '../lib/toast.js';
import { icon, IconButton, Mark } from '../shell/icons.js';
import { Menu } from '../shell/menu.js';
import { kTasks } from '../tasks/list.js';
import { change, export_one, import_files, list, load_list, load_more, remove, rename } from './list.js';

function group_of(entry) {
  if (entry.pinned) return t('Pinned');
  const days = days_ago(entry.updated_at);
  if (days <= 0) return t('Today');
  if (days === 1) return t('Yesterday');
  return days < 7 ? t('This week') : days < 31 ? t('This month') : t('Older');
}

const actions = (entry) => [
  { label: t('Rename'), icon: 'edit', run: guarded(() => rename(entry)) },
  {
    label: entry.pinned ? t('Unpin') : t('Pin'),
    icon: 'pin',
    run: guarded(() => change(entry.id, { pinned: !entry.pinned })),
  },
  { label: t('Export as JSON'), icon: 'save', run: guarded(() => export_one(entry, 'json')) },
  { label: t('Export as Markdown'), icon: 'save', run: guarded(() => export_one(entry, 'markdown')) },
  { label: t('Delete'), icon: 'trash', danger: true, run: guarded(() => remove(entry)) },
];

const Entry = ({ entry, current }) => html`<li class=${classes('entry', current && 'current')}>
  <a href=${link('c', entry.id)} aria-current=${current ? 'page' : undefined} title=${when(entry.updated_at)}
      dir="auto">${entry.title || t('Untitled')}</a>
  <${Menu} label=${t('Actions for {title}', { title: entry.title || t('Untitled') })} items=${actions(entry)} />
</li>`;

function Groups({ conversations, current }) {
  const groups = new Map();
  for (const entry of conversations) {
    const name = group_of(entry);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(entry);
  }
  return [...groups].map(
    ([name, entries]) => html`<section key=${name}>
    <h3>${name}</h3>
    <ul>${entries.map(
      (entry) => html`<${Entry} key=${entry.id} entry=${entry}
        current=${entry.id === current} />`,
    )}</ul>
  </section>`,
  );
}

function Search() {
  const timer = useRef();
  const typed = (event) => {
    clearTimeout(timer.current);
    const query = event.target.value;
    timer.current = setTimeout(
      guarded(() => load_list(query)),
      150,
    );
  };
  return html`<label class="search">${icon('search')}
    <input type="search" id="search" placeholder=${t('Search conversations')} aria-label=${t('Search conversations')}
        onInput=${typed} />
  </label>`;
}

const PageLink = ({ page, name, label, now }) =>
  html`<a href=${link(page)} class=${classes('page-link', now === page && 'current')}
      aria-current=${now === page ? 'page' : undefined}>${icon(name)}${label}</a>`;

const kNarrow = matchMedia('(max-width: 800px)'); // as in shell.css

/** Whether the side bar lies over the page, instead of beside it. */
export function useNarrow() {
  const [narrow, set_narrow] = useState(kNarrow.matches);
  useEffect(() => {
    const change = () => set_narrow(kNarrow.matches);
    kNarrow.addEventListener('change', change);
    return () => kNarrow.removeEventListener('change', change);
  }, []);
  return narrow;
}

/** Takes the keyboard while the side bar lies over the page, and gives it back. */
function useFocus(element, over) {
  useLayoutEffect(() => {
    if (!over) return undefined;
    const before = document.activeElement;
    if (!element.current.contains(before)) element.current.focus();
    return () => before?.focus();
  }, [over]);
}

/** over: whether it is open and lies over the page. */
export function Sidebar({ over, on_close }) {
  const element = useRef();
  useFocus(element, over);
  const { page, id } = useStore(route);
  const { conversations, next, loaded, query } = useStore(list);
  useEffect(
    guarded(() => load_list()),
    [],
  );
  const key = (event) => {
    if (!over || event.key !== 'Escape') return;
    event.stopPropagation();
    on_close();
  };
  return html`<aside class="sidebar" ref=${element} tabindex="-1" aria-label=${t('Conversations')} onKeyDown=${key}>
    <header>
      <a class="brand" href=${link('chat')}><${Mark} />facet</a>
      <${IconButton} name="open" label=${t('Import conversations')} onClick=${guarded(import_files)} />
      <span class="narrow-only"><${IconButton} name="close" label=${t('Close')} onClick=${on_close} /></span>
    </header>
    <a class="button new" href=${link('chat')} title=${shown('mod+shift+o')}>${icon('plus')}${t('New chat')}</a>
    <${Search} />
    <nav class="conversations" aria-label=${t('Conversations')}>
      <${Groups} conversations=${conversations} current=${page === 'c' ? id : ''} />
      ${
        loaded &&
        !conversations.length &&
        html`<p
          class="muted empty">${query ? t('Nothing found.') : t('Your conversations will be here.')}</p>`
      }
      ${
        next &&
        html`<button type="button" class="quiet"
          onClick=${guarded(load_more)}>${t('Show older ones')}</button>`
      }
    </nav>
    <nav class="pages" aria-label=${t('Pages')}>
      ${kTasks.map(
        ([name, picture, label]) => html`<${PageLink} page=${name} name=${picture} label=${t(label)}
          now=${page} />`,
      )}
      <hr />
      <${PageLink} page="models" name="model" label=${t('Models')} now=${page} />
      <${PageLink} page="dashboard" name="gauge" label=${t('Dashboard')} now=${page} />
      <${PageLink} page="settings" name="gear" label=${t('Settings')} now=${page} />
    </nav>
  </aside>`;
}
