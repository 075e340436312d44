// Icons, drawn as strokes on a square of 24; they take the colour of the text and say nothing to a screen reader.
import { html } from '../lib/html.js';

const kPaths = {
  send: 'M12 19V5M6 11l6-6 6 6',
  stop: 'M8 8h8v8H8z',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  menu: 'M4 7h16M4 12h16M4 17h16',
  more: 'M4.5 12a.7.7 0 1 0 1.4 0a.7.7 0 1 0-1.4 0M11.3 12a.7.7 0 1 0 1.4 0a.7.7 0 1 0-1.4 0M18.1 12a.7.7 0 1 0 1.4 0a.7.7 0 1 0-1.4 0',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  again: 'M20 11a8 8 0 1 0-2 6M20 5v6h-6',
  go_on: 'M5 6l7 6-7 6zM14 6l6 6-6 6',
  left: 'M14 6l-6 6 6 6',
  right: 'M10 6l6 6-6 6',
  chevron: 'M7 10l5 5 5-5',
  pin: 'M9 4h6l-1 6 3 3H7l3-3zM12 13v7',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  save: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  open: 'M12 16V5M7 9l5-5 5 5M5 20h14',
  chat: 'M4 5h16v11H11l-5 4v-4H4z',
  model: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5',
  gauge: 'M4 17a8 8 0 1 1 16 0M12 17l4-6',
  sliders: 'M4 8h9M17 8h3M15 6v4M4 16h3M11 16h9M9 14v4',
  gear: 'M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M5.6 18.4l2.1-2.1M16.3 7.7l2.1-2.1',
  clip: 'M19 11l-7.5 7.5a4 4 0 0 1-6-6L13 5a3 3 0 0 1 4 4l-7 7a1.500 1.500 0 0 1-2-2l6-6',
  camera: 'M4 8h4l2-3h4l2 3h4v11H4zM12 16a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  mic: 'M12 4a2.500 2.500 0 0 0-2.500 2.500v5a2.500 2.500 0 0 0 5 0v-5A2.500 2.500 0 0 0 12 4zM6 11a6 6 0 0 0 12 0M12 17v3',
  translate: 'M4 6h9M8 4v2M11 6c-1 4-4 7-7 8M6 9c1 2 3 4 6 5M13 20l4-10 4 10M14.500 17h5',
  sound: 'M5 10v4M9 7v10M13 4v16M17 8v8M21 11v2',
  lines: 'M5 6h14M5 10h14M5 14h9M5 18h6',
  eye: 'M3 12c3-5 6-7 9-7s6 2 9 7c-3 5-6 7-9 7s-6-2-9-7zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  page: 'M6 3h8l5 5v13H6zM14 3v5h5M9 13h6M9 17h6',
  tool: 'M14 7a4 4 0 0 1 5-3l-2 3 2 2 3-2a4 4 0 0 1-5 5l-8 8-3-3z',
  thought: 'M12 4a6 6 0 0 0-3 11v2h6v-2a6 6 0 0 0-3-11zM10 20h4',
  chance: 'M5 20V10M10 20V4M15 20v-7M20 20v-4',
};

export const icon = (name) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${kPaths[name]} /></svg>`;

/** A button that shows an icon alone; its label is for screen readers and for the mouse that rests on it. */
export const IconButton = ({ name, label, ...rest }) =>
  html`<button type="button" class="icon-button" aria-label=${label} title=${label} ...${rest}>${icon(name)}</button>`;

export const Mark = () => html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
  <path class="mark-a" d="M16 2 28 11 16 30z" /><path class="mark-b" d="M16 2 4 11 16 30z" /><path class="mark-c"
      d="M16 2 22 11 16 30 10 11z" />
</svg>`;
