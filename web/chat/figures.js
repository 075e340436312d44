// The figures of a turn in one quiet line: tokens a second, time to the first token, what the cache had and what was
// computed.
import { number, seconds } from '../lib/format.js';
import { html } from '../lib/html.js';
import { counted, t } from '../lib/language.js';

export function Figures({ message: { timing, usage, live } }) {
  if (timing?.first === undefined) return null;
  const tokens = usage?.completion ?? live?.tokens;
  const parts = [
    timing.tokens_per_second &&
      t('{rate} tokens/s', { rate: number(timing.tokens_per_second, timing.tokens_per_second < 100 ? 1 : 0) }),
    tokens && counted(tokens, '{count} token', '{count} tokens'),
    t('first after {time}', { time: seconds(timing.first) }),
  ].filter(Boolean);
  const prompt =
    usage &&
    t('Prompt: {cached} tokens from the cache, {computed} computed', {
      cached: number(usage.cached),
      computed: number(usage.prompt - usage.cached),
    });
  return html`<span class="figures"
      title=${prompt ?? ''}>${parts.map((part, index) => html`${index ? ' · ' : ''}<bdi>${part}</bdi>`)}${
        usage &&
        html` <span class="wide-only">· <bdi>${t('{cached} cached, {computed} computed', {
          cached: number(usage.cached),
          computed: number(usage.prompt - usage.cached),
        })}</bdi></span>`
      }</span>`;
}
