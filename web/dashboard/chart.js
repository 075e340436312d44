// A small line over time, as SVG; the newest value is at the end of the line.
import { html } from '../lib/html.js';

const kWidth = 320;
const kHeight = 72;

/** A round number that is at least the value. */
function ceiling(value) {
  if (value <= 0) return 1;
  const step = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((part) => part * step).find((round) => round >= value);
}

/** series: [{values, name}]; show: number -> text; points: how many the width holds. */
export function Chart({ title, series, show, points = 120 }) {
  const top = ceiling(Math.max(0, ...series.flatMap(({ values }) => values)));
  const x = (index, count) => kWidth - ((count - 1 - index) / (points - 1)) * kWidth;
  const y = (value) => kHeight - 1 - (value / top) * (kHeight - 6);
  const path = (values) =>
    values
      .map((value, index) => `${index ? 'L' : 'M'}${x(index, values.length).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('');
  const now = series.map(({ values, name }) => `${name ? `${name} ` : ''}${show(values.at(-1) ?? 0)}`).join(' · ');
  return html`<figure class="chart card">
    <figcaption><span>${title}</span><b>${now}</b></figcaption>
    <div class="plot"><svg viewBox=${`0 0 ${kWidth} ${kHeight}`} preserveAspectRatio="none" role="img"
        aria-label=${`${title}: ${now}`}>
      <path class="grid" d=${`M0 ${y(top)}H${kWidth}M0 ${y(top / 2)}H${kWidth}M0 ${y(0)}H${kWidth}`} />
      ${series.map(
        ({ values }, index) =>
          values.length > 1 &&
          html`<path class=${`line-${index}`}
          d=${path(values)} />`,
      )}
    </svg><span class="top muted">${show(top)}</span></div>
  </figure>`;
}
