// A share from 0 to 1 as a bar; browsers draw <meter> each in their own way.
import { html } from '../lib/html.js';

export const Bar = ({
  value,
  label,
}) => html`<span class="bar" role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax="1"
    aria-valuenow=${value.toFixed(3)}>
  <i style=${{ width: `${value * 100}%` }}></i></span>`;
