// The chat: the open conversation's branch, the composer below it, and its settings beside it.
import { html, useEffect, useLayoutEffect, useReducer, useRef, useState } from '../lib/html.js';
import { t } from '../lib/language.js';
import { shortcut } from '../lib/shortcuts.js';
import { report } from '../lib/toast.js';
import { FailedPage } from '../shell/failed_page.js';
import { TopBar } from './top_bar.js';
import { Composer } from './composer.js';
import { MessageList } from './messages.js';
import { draft, open_conversation } from './open.js';
import { SettingsPanel } from './settings_panel.js';
import { Welcome } from './welcome.js';

/** {conversation, error, again}: of an id, or a new one; null while it is fetched, and where that failed. */
function useConversation(id) {
  const [conversation, set_conversation] = useState(() => (id ? null : draft()));
  const [error, set_error] = useState(null);
  const [tries, again] = useReducer((count) => count + 1, 0);
  const [, redraw] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    set_error(null);
    if (conversation && id && conversation.id === id) return undefined;
    if (!id) {
      if (conversation?.id || !conversation) set_conversation(draft());
      return undefined;
    }
    let wanted = true;
    const failed = (failure) => {
      if (!wanted) return;
      if (failure.kind !== 'missing') {
        set_error(failure);
        return;
      }
      report(failure);
      location.hash = '#/chat';
    };
    set_conversation(null);
    open_conversation(id, failed).then((opened) => wanted && set_conversation(opened), failed);
    return () => {
      wanted = false;
    };
  }, [id, tries]);
  useEffect(() => {
    let is_new = !conversation?.id;
    return conversation?.listen(() => {
      redraw();
      if (!is_new || !conversation.id) return;
      is_new = false; // from now on it has an address
      if (!location.hash.startsWith('#/chat') && location.hash.length >= 3) return;
      history.replaceState(null, '', `#/c/${conversation.id}`);
      dispatchEvent(new HashChangeEvent('hashchange'));
    });
  }, [conversation]);
  return { conversation, error, again };
}

/** Follows the end of an answer until the user scrolls up. */
function useFollow(conversation) {
  const scroller = useRef();
  const [at_end, set_at_end] = useState(true);
  const pinned = useRef(true);
  const last_top = useRef(0);
  const to_end = (behavior = 'instant') => scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior });
  const scrolled = () => {
    const node = scroller.current;
    const end = node.scrollHeight - node.scrollTop - node.clientHeight < 60;
    if (end) pinned.current = true;
    else if (node.scrollTop < last_top.current) pinned.current = false; // not because what is above grew
    last_top.current = node.scrollTop;
    set_at_end(end || pinned.current);
  };
  useLayoutEffect(() => {
    if (pinned.current) to_end();
  });
  useLayoutEffect(() => {
    pinned.current = true;
    to_end();
    if (!scroller.current) return undefined;
    const grown = new ResizeObserver(() => pinned.current && to_end());
    grown.observe(scroller.current.firstElementChild);
    return () => grown.disconnect();
  }, [conversation, conversation?.branch.length]);
  return { scroller, scrolled, at_end, to_end };
}

function useStopKey(conversation) {
  useEffect(
    () =>
      shortcut('escape', t('Stop the answer'), () => {
        if (document.querySelector('dialog[open]') || !conversation?.busy) return false;
        conversation.stop();
        return true;
      }),
    [conversation],
  );
}

export function ChatPage({ id, open_sidebar }) {
  const { conversation, error, again } = useConversation(id);
  const [panel, set_panel] = useState(false);
  const { scroller, scrolled, at_end, to_end } = useFollow(conversation);
  useStopKey(conversation);
  useEffect(() => shortcut('mod+.', t('Settings of this chat'), () => set_panel((open) => !open)), []);
  const title = conversation?.title;
  useEffect(() => {
    document.title = title ? `${title} · facet` : 'facet';
  }, [title]);
  if (error) return html`<${FailedPage} error=${error} again=${again} open_sidebar=${open_sidebar} />`;
  if (!conversation) return html`<main class="chat" id="main" tabindex="-1" aria-busy="true"></main>`;
  const empty = !conversation.messages.size;
  return html`<main class="chat" id="main" tabindex="-1">
    <div class="chat-column">
      <${TopBar} conversation=${conversation} open_sidebar=${open_sidebar}
          panel=${panel} toggle_panel=${() => set_panel(!panel)} />
      <div class="scroller" ref=${scroller} onScroll=${scrolled} tabindex="0" role="region" aria-label=${t('Messages')}>
        ${empty ? html`<${Welcome} />` : html`<${MessageList} conversation=${conversation} />`}
      </div>
      ${
        !at_end &&
        html`<button type="button" class="to-end" onClick=${() => to_end('smooth')}
          aria-label=${t('To the latest message')}>↓</button>`
      }
      <${Composer} key=${conversation} conversation=${conversation} />
    </div>
    ${
      panel &&
      html`<${SettingsPanel} key=${conversation}
        conversation=${conversation} on_close=${() => set_panel(false)} />`
    }
  </main>`;
}
