// In the place of a page that could not be loaded: why, and another try, which comes by itself once a server that was
// away is back.
import { connection } from '../lib/api.js';
import { explain } from '../lib/errors.js';
import { html, useEffect } from '../lib/html.js';
import { t } from '../lib/language.js';
import { icon } from './icons.js';
import { PageFrame } from './page_frame.js';

export function FailedPage({ error, again, open_sidebar }) {
  useEffect(() => connection.listen(() => connection.value.online && again()), []);
  return html`<${PageFrame} title=${t('This page could not be loaded')} open_sidebar=${open_sidebar}>
    <div class="note bad" role="alert"><span>${explain(error)}</span>
      <button type="button" class="quiet small" onClick=${again}>${icon('again')}${t('Try again')}</button></div>
  <//>`;
}
