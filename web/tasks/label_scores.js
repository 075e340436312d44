// How likely each label is: from the probabilities of the tokens of an answer that may only be one of the labels, and
// of those it might have had instead.

/** The request that asks for one of the labels. */
export function label_request(url, labels, question, model) {
  return {
    model,
    messages: [
      {
        role: 'system',
        content: `You are shown pictures, and say what each of them is. Answer with one of these labels and nothing else: ${labels.join(', ')}`,
      },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url } },
          { type: 'text', text: question },
        ],
      },
    ],
    guided_choice: labels,
    reasoning_effort: 'none',
    temperature: 0,
    logprobs: true,
    top_logprobs: 20,
    max_tokens: 32,
  };
}

const starts = (label, text) => Boolean(text.trim()) && label.toLowerCase().startsWith(text.trimStart().toLowerCase());

/** The probability that the answer takes this label's way, up to where it leaves that of every other label. */
function chance_of(label, tokens, labels) {
  let before = '';
  let log = 0;
  for (const [text, logprob, others] of tokens) {
    if (!starts(label, before + text)) {
      return (
        Math.exp(log) *
        others.filter(([other]) => starts(label, before + other)).reduce((sum, [, chance]) => sum + Math.exp(chance), 0)
      );
    }
    before += text;
    log += logprob;
    if (labels.every((other) => other === label || !starts(other, before))) break;
  }
  return Math.exp(log);
}

/** [{label, score}], which sum to 1. A label whose way is not among the alternatives that the server tells has none. */
export function label_scores(reply, labels) {
  const chances = labels.map((label) => chance_of(label, reply.logprobs, labels));
  const sum = chances.reduce((total, chance) => total + chance, 0) || 1;
  return labels.map((label, index) => ({ label, score: chances[index] / sum }));
}
