// Markdown as a component. Far from the window it is plain text, so that long conversations open at once; what is sure
// to be seen, at_once, never is.
import { html, useEffect, useLayoutEffect, useRef, useState } from '../lib/html.js';
import { GrowingMarkdown } from './growing.js';

const seen = new WeakMap();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.get(entry.target)?.();
      observer.unobserve(entry.target);
    }
  },
  { rootMargin: '1200px 0px' },
);

/** Whether the element has ever been near the window. */
function useNear(element, at_once) {
  const [near, set_near] = useState(at_once);
  useEffect(() => {
    if (near) return undefined;
    const node = element.current;
    seen.set(node, () => set_near(true));
    observer.observe(node);
    return () => observer.unobserve(node);
  }, [near]);
  return near;
}

export function Markdown({ text, done = true, at_once = false }) {
  const element = useRef();
  const drawing = useRef();
  const near = useNear(element, at_once || !done);
  useLayoutEffect(() => {
    if (!near) return;
    drawing.current ??= (element.current.replaceChildren(), new GrowingMarkdown(element.current));
    drawing.current.update(text, done);
  }, [near, text, done]);
  useLayoutEffect(() => {
    if (!near) element.current.textContent = text;
  }, []);
  return html`<div ref=${element} class=${`markdown${near ? '' : ' plain'}`} dir="auto"></div>`;
}
