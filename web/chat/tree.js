// A conversation is a tree of messages; what is shown is the branch that ends in one leaf. Pure functions.

/** The messages from the first to the leaf. */
export function branch(messages, leaf) {
  const path = [];
  const seen = new Set();
  for (let id = leaf; id && messages.has(id) && !seen.has(id); id = messages.get(id).parent) {
    seen.add(id);
    path.push(messages.get(id));
  }
  return path.reverse();
}

/** parent -> its answers, oldest first; null -> the first messages. */
export function children(messages) {
  const of = new Map();
  for (const message of messages.values()) {
    const parent = messages.has(message.parent) ? message.parent : null;
    if (!of.has(parent)) of.set(parent, []);
    of.get(parent).push(message.id);
  }
  return of;
}

/** The end of the newest branch below a message. */
export function newest_leaf(messages, id) {
  const of = children(messages);
  for (let below = of.get(id); below; below = of.get(id)) id = below.at(-1);
  return id;
}

export const text_of = (message) =>
  message.content
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('');

/** The first words of a message, as a conversation's title. */
export function title_of(message) {
  const words = text_of(message).replace(/\s+/g, ' ').trim();
  const media = message.content.find((part) => part.type === 'media')?.name ?? '';
  const title = words || media;
  return title.length > 60 ? `${title.slice(0, 58).replace(/\s\S*$/, '')}…` : title;
}
