// The task pages, as the side bar and the welcome name them.

/** [page, picture, English name] */
export const kTasks = [
  ['translate', 'translate', 'Translate'],
  ['transcribe', 'sound', 'Transcribe'],
  ['summarise', 'lines', 'Summarise'],
  ['classify', 'eye', 'Classify'],
  ['ocr', 'page', 'Read text'],
];
