// The conversations that this tab has open: an answer goes on while another page is looked at.
import { Conversation } from './conversation.js';

const kKept = 6;
const open = new Map();

function keep(conversation) {
  open.delete(conversation.id);
  open.set(conversation.id, conversation);
  for (const [id, other] of open) {
    if (open.size <= kKept) return;
    if (!other.busy) open.delete(id);
  }
}

/** Starts one that is stored with its first message. */
export function draft() {
  const conversation = new Conversation();
  const stop = conversation.listen(() => {
    if (!conversation.id) return;
    stop();
    keep(conversation);
  });
  return conversation;
}

export async function open_conversation(id) {
  const conversation = open.get(id) ?? (await Conversation.open(id));
  keep(conversation);
  return conversation;
}

export const opened = (id) => open.get(id);
export const forget = (id) => open.delete(id);
export const leave = () => open.forEach((conversation) => conversation.leave());
export const writing = () => [...open.values()].some((conversation) => conversation.busy);
