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

/** One that this tab had open is there at once, and then as the server has it; on_missing: where that has it no more. */
export async function open_conversation(id, on_missing) {
  const known = open.get(id);
  known?.refresh().catch((error) => {
    if (error.kind !== 'missing') return;
    forget(id);
    on_missing(error);
  });
  const fetched = known ?? (await Conversation.open(id));
  const conversation = open.get(id) ?? fetched; // who asked twice gets one
  keep(conversation);
  return conversation;
}

export const opened = (id) => open.get(id);
export const forget = (id) => open.delete(id);
export const leave = () => open.forEach((conversation) => conversation.leave());
export const writing = () => [...open.values()].some((conversation) => conversation.busy);
