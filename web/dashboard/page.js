// The dashboard: what the server does now, from /metrics, which any monitoring reads too.
import { api } from '../lib/api.js';
import { explain } from '../lib/errors.js';
import { bytes, number, percent, seconds } from '../lib/format.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { useStore } from '../lib/store.js';
import { library, load_models } from '../models/library.js';
import { MemoryBar, sum_of } from '../models/memory_bar.js';
import { PageFrame } from '../shell/page_frame.js';
import { Chart } from './chart.js';
import { History, parse_metrics, routes, total } from './metrics.js';

const kEvery = 1000; // milliseconds between looks
const kModelsEvery = 5; // looks between readings of the models

function useMetrics() {
  const history = useRef(new History());
  const [families, set_families] = useState(null);
  const [error, set_error] = useState('');
  useEffect(() => {
    let timer = 0;
    let looks = 0;
    const look = async () => {
      try {
        const read = parse_metrics(await api.metrics());
        history.current.add(read, performance.now() / 1000);
        set_families(read);
        set_error('');
        if (looks++ % kModelsEvery === 0) await load_models();
      } catch (failure) {
        set_error(explain(failure));
      }
      timer = setTimeout(look, kEvery);
    };
    look();
    return () => clearTimeout(timer);
  }, []);
  return { history: history.current, families, error };
}

function Tiles({ history, families }) {
  const { last } = history;
  const prompts = last.prefilled + last.reused;
  const tiles = [
    [t('Running'), number(last.running)],
    [t('Waiting'), number(last.queued)],
    [t('Sent away'), number(total(families, 'facet_refused_requests_total'))],
    [t('Live sessions'), number(total(families, 'facet_http_web_sockets'))],
    [t('Found in the cache'), prompts ? percent(last.reused / prompts) : '–'],
    [t('Requests a step'), last.steps ? number(last.generated / last.steps, 2) : '–'],
  ];
  return html`<dl class="tiles">${tiles.map(
    ([name, value]) => html`<div
      class="card"><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

function Routes({ families }) {
  return html`<div class="table" tabindex="0" role="group" aria-label=${t('Requests by path')}><table>
    <caption class="hidden">${t('Requests by path')}</caption>
    <thead><tr><th>${t('Path')}</th><th class="number">${t('Requests')}</th><th class="number">${t('Failed')}</th><th
        class="number">${t('Mean time')}</th></tr></thead>
    <tbody>${routes(families).map(
      ({ route, count, failed, seconds: spent }) => html`<tr key=${route}>
      <td><code>${route}</code></td><td class="number">${number(count)}</td><td
          class="number">${failed ? number(failed) : ''}</td>
      <td class="number">${count ? seconds(spent / count) : ''}</td></tr>`,
    )}</tbody>
  </table></div>`;
}

function LoadedMemory() {
  const { models, memory } = useStore(library);
  const plans = models.filter((model) => model.loaded && model.plan).map((model) => model.plan);
  return html`<section class="card"><h2>${t('Memory')}</h2>
    ${
      plans.length
        ? html`<${MemoryBar} plan=${sum_of(plans)} budget=${memory?.budget}
        label=${t('Memory')} />`
        : html`<p class="muted">${t('No model is loaded.')}</p>`
    }
  </section>`;
}

export function Page({ open_sidebar }) {
  const { history, families, error } = useMetrics();
  const whole = (value) => number(value);
  return html`<${PageFrame} title=${t('Dashboard')} open_sidebar=${open_sidebar} wide>
    ${error && html`<p class="note bad" role="alert">${error}</p>`}
    ${
      families &&
      html`
      <${Tiles} history=${history} families=${families} />
      <div class="charts">
        <${Chart} title=${t('Tokens written a second')} series=${[{ values: history.rates('generated') }]}
            show=${whole} />
        <${Chart} title=${t('Tokens of prompts a second')} show=${whole}
          series=${[
            { values: history.rates('prefilled'), name: t('computed') },
            { values: history.rates('reused'), name: t('cached') },
          ]} />
        <${Chart} title=${t('Requests')} series=${[
          { values: history.values('running'), name: t('running') },
          { values: history.values('queued'), name: t('waiting') },
        ]} show=${whole} />
        <${Chart} title=${t('Keys and values reserved')} series=${[{ values: history.values('kv') }]} show=${bytes} />
      </div>
      <${LoadedMemory} />
      <section class="card"><h2>${t('Requests by path')}</h2><${Routes} families=${families} /></section>`
    }
  <//>`;
}
