// What a model takes of the machine's memory, as one bar: weights, keys and values at a context, copies of the state,
// media.
import { bytes } from '../lib/format.js';
import { html } from '../lib/html.js';
import { t } from '../lib/language.js';

const kKinds = [
  ['weights', 'Weights'],
  ['kv', 'Keys and values'],
  ['snapshots', 'Snapshots'],
  ['media', 'Pictures and sound'],
  ['work', 'Working memory'],
];

/** A model's plan at another context than the one it was made for. */
export function plan_at(model, context) {
  const { plan } = model;
  const kv = Math.max(0, plan.kv - (model.context - context) * plan.kv_bytes_per_token);
  return { ...plan, kv, total: plan.total - plan.kv + kv };
}

/** The sum of several plans. */
export const sum_of = (plans) =>
  Object.fromEntries(
    [...kKinds.map(([kind]) => kind), 'total'].map((kind) => [
      kind,
      plans.reduce((sum, plan) => sum + (plan[kind] ?? 0), 0),
    ]),
  );

export function MemoryBar({ plan, budget, label }) {
  const room = Math.max(budget || 0, plan.total) || 1;
  const parts = kKinds
    .map(([kind, name], index) => ({ kind, name: t(name), index, size: plan[kind] ?? 0 }))
    .filter(({ size }) => size > 0);
  let x = 0;
  const text = `${label}: ${parts.map(({ name, size }) => `${name} ${bytes(size)}`).join(', ')}`;
  const on_disk =
    plan.on_disk > 0 && t('{size} stay on the disk and are read as needed', { size: bytes(plan.on_disk) });
  return html`<figure class="memory">
    <svg viewBox="0 0 1000 14" preserveAspectRatio="none" role="img" aria-label=${text}>
      <rect class="room" width="1000" height="14" />
      ${parts.map(({ kind, index, size }) => {
        const width = (size / room) * 1000;
        const bar = html`<rect key=${kind} class=${`kind-${index}`} x=${x} width=${Math.max(1.5, width)}
            height="14" />`;
        x += width;
        return bar;
      })}
    </svg>
    <figcaption>
      ${parts.map(
        ({ kind, name, index, size }) => html`<span key=${kind}><i
          class=${`kind-${index}`}></i>${name} <b>${bytes(size)}</b></span>`,
      )}
      ${
        budget > 0 &&
        html`<span
          class=${plan.total > budget ? 'error' : ''}>${t('together {size} of {budget}', { size: bytes(plan.total), budget: bytes(budget) })}</span>`
      }
      ${on_disk && html`<span>${on_disk}</span>`}
    </figcaption>
  </figure>`;
}
