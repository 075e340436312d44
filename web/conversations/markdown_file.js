// A conversation out of the Markdown that the server exports: one branch of texts and thoughts. Calls and the names of media
// stay as text.

const kHeading = /^## (User|Assistant|System|Tool)\n\n/m;

/** What is quoted before an answer is its thought. */
function message_of(role, body, index) {
  const text = body.trim();
  const [, quoted, answer] = (role === 'assistant' && /^((?:> .*\n)+)\n([\s\S]+)$/.exec(text)) || [null, '', text];
  return {
    id: `m${index}`,
    parent: index ? `m${index - 1}` : null,
    role,
    content: [{ type: 'text', text: answer }],
    ...(quoted && { thought: quoted.replace(/^> /gm, '').trimEnd() }),
  };
}

/** As the import wants it; null for Markdown that is no such export. */
export function conversation_of(markdown) {
  const [head, ...parts] = markdown.replaceAll('\r\n', '\n').split(kHeading);
  if (!head.startsWith('# ') || !parts.length) return null;
  const messages = [];
  for (let at = 0; at < parts.length; at += 2)
    messages.push(message_of(parts[at].toLowerCase(), parts[at + 1], messages.length));
  return { format: 'facet.conversation', title: head.slice(2).trim(), messages };
}
