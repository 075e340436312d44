// The frame of a page beside the chat: a title, a line of explanation, and a column.
import { html, useEffect } from '../lib/html.js';
import { t } from '../lib/language.js';
import { IconButton } from './icons.js';

export function PageFrame({ title, text, open_sidebar, children, wide }) {
  useEffect(() => {
    document.title = `${title} · facet`;
  }, [title]);
  return html`<main class="page" id="main" tabindex="-1">
    <header class="top-bar">
      <span class="opener"><${IconButton} name="menu" label=${t('Side bar')} onClick=${open_sidebar} /></span>
      <h1>${title}</h1>
    </header>
    <div class="page-scroller" tabindex="0" role="region" aria-label=${title}><div
        class=${wide ? 'page-column wide' : 'page-column'}>
      ${text && html`<p class="muted">${text}</p>`}
      ${children}
    </div></div>
  </main>`;
}
