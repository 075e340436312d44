// The branch that is shown, as a list; a message is drawn again only when it or its place changed.
import { html, memo } from '../lib/html.js';
import { t } from '../lib/language.js';
import { settings } from '../lib/settings.js';
import { useStore } from '../lib/store.js';
import { AssistantMessage } from './assistant_message.js';
import { UserMessage } from './user_message.js';

const Entry = memo(
  ({
    conversation,
    message,
    index,
    count,
    growing,
    last,
    show_figures,
  }) => html`<li class=${`message ${message.role}`} data-id=${message.id}>
  <h3 class="hidden">${message.role === 'user' ? t('You said') : t('Answer')}</h3>
  ${
    message.role === 'user'
      ? html`<${UserMessage} conversation=${conversation} message=${message} index=${index} count=${count}
          last=${last} />`
      : html`<${AssistantMessage} conversation=${conversation} message=${message} index=${index} count=${count}
          growing=${growing} last=${last}
        show_figures=${show_figures} />`
  }
</li>`,
);

export function MessageList({ conversation }) {
  const { show_figures } = useStore(settings);
  const branch = conversation.branch;
  const busy = conversation.busy;
  const versions = conversation.versions;
  return html`<ol class="messages" aria-busy=${String(busy)}>
    ${branch.map((message, at) => {
      const { index, ids } = versions.get(message.id);
      return html`<${Entry} key=${message.id} conversation=${conversation} message=${message} index=${index}
          count=${ids.length}
        growing=${conversation.is_growing(message)} last=${at === branch.length - 1} show_figures=${show_figures} />`;
    })}
  </ol>
  <div class="hidden" role="status">${busy ? t('The answer is being written.') : ''}</div>`;
}
