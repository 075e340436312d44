// What every view is written in: Preact with htm (one vendored file), and two small helpers of ours.
import { Component, h } from '../vendor/preact-htm.js';

export { html, render, useEffect, useLayoutEffect, useReducer, useRef, useState } from '../vendor/preact-htm.js';

/** A component that is drawn again only when one of its properties is another value. */
export function memo(view) {
  return class extends Component {
    shouldComponentUpdate(next) {
      const names = new Set([...Object.keys(this.props), ...Object.keys(next)]);
      return [...names].some((name) => name !== 'children' && this.props[name] !== next[name]);
    }
    render(props) {
      return h(view, props);
    }
  };
}

/** Class names: classes('a', open && 'b') */
export const classes = (...names) => names.filter(Boolean).join(' ');
