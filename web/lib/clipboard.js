// Text to the clipboard, also where browsers give pages none: over HTTP from another machine.
import { t } from './language.js';
import { toast } from './toast.js';

function copy_by_selection(text) {
  const area = Object.assign(document.createElement('textarea'), { value: text });
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (!copied) throw new Error(t('The browser does not let the page copy.'));
}

export async function copy(text) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copy_by_selection(text);
}

/** Copies, and says so or why not. */
export async function copy_and_tell(text) {
  try {
    await copy(text);
    toast(t('Copied'));
  } catch (error) {
    toast(error.message, { kind: 'error' });
  }
}
