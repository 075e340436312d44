// How likely each label is: from the probabilities of the first token of an answer that may only be one of the labels.

/** The request that asks for one of the labels. */
export function label_request(url, labels, question, model) {
  return {
    model,
    messages: [
      { role: 'system', content: `You are shown pictures, and say what each of them is. Answer with one of these labels and nothing else: ${labels.join(', ')}` },
      { role: 'user', content: [{ type: 'image_url', image_url: { url } }, { type: 'text', text: question }] },
    ],
    guided_choice: labels, reasoning_effort: 'none', temperature: 0, logprobs: true, top_logprobs: 20, max_tokens: 32,
  };
}

const same_start = (token, label) => {
  const text = token.trim().toLowerCase();
  return text && label.toLowerCase().startsWith(text);
};

/** [{label, score}], which sum to 1. Labels that begin with the same token share its probability, but the one that was answered gets the most. */
export function label_scores(reply, labels) {
  const first = reply.logprobs[0];
  const answer = reply.text.trim();
  const tokens = first ? (first[2].some(([token]) => token === first[0]) ? first[2] : [[first[0], first[1]], ...first[2]]) : [];
  const scores = Object.fromEntries(labels.map((label) => [label, 0]));
  for (const [token, logprob] of tokens) {
    const fitting = labels.filter((label) => same_start(token, label));
    for (const label of fitting) scores[label] += Math.exp(logprob) / (fitting.length + (fitting.includes(answer) && label !== answer ? 1 : 0));
  }
  if (answer in scores) scores[answer] = Math.max(...Object.values(scores)) || 1;
  const sum = Object.values(scores).reduce((total, score) => total + score, 0) || 1;
  return labels.map((label) => ({ label, score: scores[label] / sum }));
}
